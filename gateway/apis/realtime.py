"""OpenAI's Realtime API: `GET /v1/realtime?model=...`, a websocket."""

from collections.abc import Sequence

from gateway.apis.api import Api, Asked
from gateway.whole import Heading
from gateway.wire import model_of
from providers.types import Call, Event, SessionCall, Usage

OURS = frozenset({"model", "api_key", "key"})
"""Parameters that are no business of an upstream's."""

HEADERS = ("openai-beta", "openai-safety-identifier")
"""The client's headers that are."""


def _read(asked: Asked) -> Call:
    """`said` is the query."""
    model = model_of(asked.said)
    query = tuple((name, value) for name, value in asked.said.items() if name not in OURS)
    headers = tuple((name, asked.headers[name]) for name in HEADERS if name in asked.headers)
    return SessionCall(model, query, headers)


def _whole(_call: Call, _heading: Heading, _events: Sequence[Event], _usage: Usage) -> bytes:
    raise AssertionError("a session has no whole answer")


REALTIME = Api("realtime", _read, _whole, json=False)
