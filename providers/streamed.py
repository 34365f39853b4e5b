"""Streaming upstream for a client that wants its answer whole.

A race is decided by the first token. Of a whole answer there is none: its time says how long the answer is
and not how slow the upstream, and a hedge on it costs a whole second answer. So the call is streamed upstream
and its events are folded into one body, which must come out as the upstream would have written it itself.
"""

from typing import Literal

from providers.errors import ProviderError, RequestRejected
from providers.lenient import fields
from providers.types import Call, ChatCall

STREAMING = ("stream", "stream_options")


def upstream_call(call: Call, rule: Literal["auto", "always", "never"], *, hedging: bool) -> Call:
    """The call to send upstream for a client's. `auto` streams where the call may be hedged.

    Embeddings have no stream, and what the client wants streamed is streamed in any case.
    """
    wanted = rule == "always" or (rule == "auto" and hedging)
    if not wanted or not isinstance(call, ChatCall) or call.stream or not can_stream(call):
        return call
    return as_streamed(call)


def can_stream(call: ChatCall) -> bool:
    """Whether the events of a stream can be folded into the same body as a whole answer.

    Not with these, which are then asked for whole:

    - `logprobs`: a token that is half a character, or the end of the text, comes in a chunk without
      text of its own, and some upstreams give none in streams at all.
    - more than one choice: not every upstream that gives several gives them in a stream, and one
      that forgets to number them there would have them run into each other.
    - anything but text: a stream's audio has another format than that of a whole answer.
    """
    body = call.body
    if call.n > 1 or body.get("logprobs") not in (None, False):
        return False
    return body.get("audio") is None and body.get("modalities") in (None, ["text"])


def as_streamed(call: ChatCall) -> ChatCall:
    """The same call, to be answered in pieces and with its usage at the end."""
    options = {**fields(call.body.get("stream_options")), "include_usage": True}
    body = {**call.body, "stream": True, "stream_options": options}
    changed = {"stream": True, "include_usage": True, "body": body, "folded": True}
    return ChatCall(**{**vars(call), **changed})  # a third of the time that `attrs.evolve` takes


def refuses_streaming(error: ProviderError) -> bool:
    """Whether an upstream refused a call only because it was to be streamed.

    OpenAI streams some models to verified organisations alone, and a few models to nobody; the same
    call whole is answered. Its error names the parameter.
    """
    if not isinstance(error, RequestRejected):
        return False
    return (error.param or "").partition(".")[0] in STREAMING
