"""The desk of a simulator that replays: from a request to the delivery of a recorded answer.

Synchronous and without I/O, as the other desk (`answering`), whose control endpoints, ledger and fault scripts
work here too. Latency, limits and models of a key's plan do not count: the recording is the answer.
"""

import random
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Self

import attrs
import msgspec

from providers.simulator.answering import Turn, aside
from providers.simulator.control import is_control
from providers.simulator.cutting import events, pieces
from providers.simulator.delivery import Delivery, Framing, Pace, deliver_pieces, deliver_whole
from providers.simulator.dialect import Dialect, Problem, Streamed, Whole
from providers.simulator.faults import Fault
from providers.simulator.keys import Keyring
from providers.simulator.library import Library, NotRecorded, Question
from providers.simulator.places import Place
from providers.simulator.recordings import Recording, load
from providers.simulator.requests import Request, Unreadable
from providers.simulator.routes import ANTHROPIC, GEMINI, OPENAI, credential, dialect_of
from providers.simulator.spoil import spoil

ANYBODY = "anybody"
"""The key of who presents no credential: recordings are for everybody."""

_SPEAKERS: Mapping[str, Dialect] = MappingProxyType(
    {"gemini": GEMINI, "vertex": GEMINI, "anthropic": ANTHROPIC}
)


@attrs.frozen
class Tape:
    """What is replayed, and how its bodies are sent: streams an event at a time, `gap` seconds apart.

    With `split`, every body in pieces of so many bytes instead, wherever that cuts.
    """

    library: Library
    gap: float = 0.001
    split: int | None = None

    @classmethod
    def read(cls, folder: Path, gap: float = 0.001, split: int | None = None) -> Self:
        """All that is recorded in a folder.

        Raises:
            BadRecording: a file is no recording, or there is none at all.
            OSError: one cannot be read.
        """
        return cls(Library.of(load(folder)), gap, split)


@attrs.define(eq=False)
class ReplayDesk:
    """Answers requests with what is recorded."""

    _ring: Keyring
    _tape: Tape
    _rng: random.Random

    def turn(self, request: Request | Unreadable, now: float) -> Turn:
        """The answer to a request that came in completely."""
        del now
        if isinstance(request, Unreadable) or is_control(request):
            return aside(self._ring, request)
        framing = Framing(request.chunks, request.keep_alive)
        question = self._tape.library.question(request)
        if (models := self._models(question)) is not None:
            return Turn(deliver_whole(models, framing))
        key = self._ring.key(credential(request) or ANYBODY)
        return Turn(self._call(question, framing, key.next_fault(self._rng)), key.tally.open())

    def _models(self, question: Question) -> Whole | None:
        """The models, if they are asked for; where no provider is named, a recorded list goes before ours."""
        library = self._tape.library
        if question.place != Place("GET", "models") or question.name:
            return None
        if not question.provider:
            with suppress(NotRecorded):
                return _whole(library.find(question))
        return _speaker(question).model_list(library.models(question.provider))

    def _call(self, question: Question, framing: Framing, fault: Fault | None) -> Delivery:
        dialect = _speaker(question)
        if fault and fault.problem:
            return deliver_whole(dialect.error(fault.problem), framing, fault.after)
        try:
            answer = _answer(self._tape.library.find(question))
        except NotRecorded as nothing:
            return deliver_whole(_not_recorded(question, str(nothing)), framing)
        if fault:
            return spoil(answer, fault, dialect.spoiled, framing, Pace(gaps=self._gaps(answer)))
        return deliver_pieces(answer, framing, self._pieces(answer), self._tape.gap)

    def _gaps(self, answer: Whole | Streamed) -> list[float]:
        words = answer.words if isinstance(answer, Streamed) else ()
        return [self._tape.gap] * (len(words) - 1)

    def _pieces(self, answer: Whole | Streamed) -> list[bytes]:
        if self._tape.split is None:
            return [answer.body] if isinstance(answer, Whole) else list(answer.words)
        body = answer.body if isinstance(answer, Whole) else b"".join(answer.words)
        return pieces(body, self._tape.split)


def _answer(recording: Recording) -> Whole | Streamed:
    """The recorded answer, ready to be sent."""
    whole = _whole(recording)
    words = events(recording.body, recording.content_type)
    if recording.status != 200 or not words:
        return whole
    return Streamed(b"", words, b"", whole.headers, whole.kind)


def _whole(recording: Recording) -> Whole:
    lines = [
        f"{name}: {value}\r\n".encode("latin-1")
        for name, value in recording.headers
        if name != "content-type"
    ]
    kind = f"content-type: {recording.content_type}\r\n".encode("latin-1")
    return Whole(recording.body, recording.status, b"".join(lines), kind)


def _speaker(question: Question) -> Dialect:
    """In whose language errors and lists of models are told."""
    if question.provider:
        return _SPEAKERS.get(question.provider, OPENAI)
    return dialect_of(question.path)


def _not_recorded(question: Question, message: str) -> Whole:
    if question.provider in ("bedrock", "cohere"):
        return Whole(msgspec.json.encode({"message": message}), 404)
    return _speaker(question).error(Problem("no_such_path", message))
