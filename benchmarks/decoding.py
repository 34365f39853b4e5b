"""`hedgerow bench decoding`: what an event of a translated stream costs, in and out.

Streams of text as the simulated providers send them, a piece a read: decoded by each dialect, and written in
each API's form. CPU time, the best of several rounds: the machine may be busy with something else, but cannot
make the code faster than it is.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated

import msgspec
from cyclopts import Parameter

from gateway.apis.api import Api
from gateway.apis.chat import CHAT
from gateway.apis.generate import method
from gateway.apis.messages import MESSAGES
from gateway.apis.responses import RESPONSES
from gateway.whole import Heading
from providers.anthropic import Anthropic
from providers.base import Dialect
from providers.gemini import Gemini
from providers.openai import OpenAI
from providers.simulator import anthropic, gemini, openai
from providers.simulator.dialect import Chat, Streamed, Told
from providers.simulator.prose import Passage
from providers.types import ChatCall, Native, Usage

WORDS = 1_000
MOST = 15.0
"""Microseconds that decoding an event may take."""

MISSED = 3
HEADING = Heading("bench-1", 0, "m")
CALL = ChatCall(
    "m", (), {}, stream=True, include_usage=True, folded=True, native=Native("responses", {})
)
"""Folded, so that nothing is passed on unread."""

UPSTREAMS: Mapping[str, tuple[Dialect, Callable[[Chat, Told], Streamed]]] = {
    "openai": (OpenAI(), openai.OpenAI().streamed),
    "anthropic": (Anthropic(), anthropic.Anthropic().streamed),
    "gemini": (Gemini(), gemini.Gemini().streamed),
}


def stream_of(make: Callable[[Chat, Told], Streamed]) -> Sequence[bytes]:
    """A stream as it arrives: a piece a word."""
    made = make(Chat("m", True, 9, usage=True), Told(b"1", (Passage(0, WORDS),)))
    first, *words = made.words
    return [made.opening + first, *words[:-1], words[-1] + made.closing]


def apis() -> Mapping[str, Api]:
    """The forms in which streams are written."""
    google = method("streamGenerateContent", events=True)
    assert google is not None
    return {"chat": CHAT, "messages": MESSAGES, "gemini": google, "responses": RESPONSES}


def decoding(dialect: Dialect, pieces: Sequence[bytes]) -> float:
    """Seconds of CPU for a whole stream."""
    decoder = dialect.decoder(CALL)
    began = time.process_time()
    for piece in pieces:
        decoder.feed(piece)
    decoder.finish()
    return time.process_time() - began


def writing(api: Api, dialect: Dialect, pieces: Sequence[bytes]) -> float:
    """Seconds of CPU for writing what a stream says."""
    decoder = dialect.decoder(CALL)
    batches = [decoder.feed(piece) for piece in pieces]
    assert api.stream is not None
    writer = api.stream(CALL, HEADING)
    began = time.process_time()
    for events in batches:
        writer.write(events)
    writer.end(Usage())
    return time.process_time() - began


def _best(measure: Callable[[], float], rounds: int) -> float:
    """Microseconds an event."""
    return min(measure() for _ in range(rounds)) * 1e6 / WORDS


def command(
    *,
    rounds: Annotated[int, Parameter(help="Of which the best counts.")] = 15,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Measure what an event costs; exit code 3 if decoding one takes over 15 us."""
    streams = {name: (one, stream_of(make)) for name, (one, make) in UPSTREAMS.items()}
    decoded = {name: _best(partial(decoding, *stream), rounds) for name, stream in streams.items()}
    said = streams["gemini"]
    written = {name: _best(partial(writing, api, *said), rounds) for name, api in apis().items()}
    if json:
        print(msgspec.json.encode({"decoded": decoded, "written": written}).decode())
    else:
        print(f"CPU time an event, best of {rounds} rounds, Python {sys.version[:6]}")
        for kind, costs in (("decoded", decoded), ("written", written)):
            for name, cost in costs.items():
                print(f"{kind:>8} {name:<10} {cost:6.1f} us")
    return 0 if max(decoded.values()) <= MOST else MISSED
