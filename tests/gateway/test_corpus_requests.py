"""Recorded requests in OpenAI's format, through the gateway in the same format: they arrive as they were asked.

In a normal form: usage is asked for in every stream, `stream: false` is left out, and who refuses members that
only answers have is not sent them.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.wire import read_chat, read_embeddings
from providers.base import Dialect, refusal
from providers.kinds import KINDS
from providers.openai import OpenAI
from providers.quirks import ANSWERED
from tests.providers.corpus import Exchange
from tests.providers.test_corpus_openai import CHATS, EMBEDDINGS

ASKED = [one for one in CHATS if isinstance(one.request_body, dict)]
EMBEDDED = [one for one in EMBEDDINGS if isinstance(one.request_body, dict)]


def dialect_of(exchange: Exchange) -> Dialect:
    """The kind's, or for those who have none here, the one for whoever is OpenAI-compatible."""
    kind = KINDS.get(exchange.provider)
    own = kind is not None and exchange.provider != "anthropic"
    return kind.dialect if kind is not None and own else OpenAI()


def normal(body: Any) -> Any:
    made = {name: value for name, value in body.items() if value is not None}
    if not made.get("stream"):
        made.pop("stream", None)
    for name in ("stream_options", "model"):
        made.pop(name, None)
    made["messages"] = [
        {name: value for name, value in message.items() if name not in ANSWERED}
        for message in made.get("messages", ())
    ]
    return made


@pytest.mark.parametrize("exchange", ASKED, ids=str)
def test_a_recorded_chat_is_asked_for_as_it_was(exchange: Exchange) -> None:
    """By the provider that it was recorded with."""
    body, dialect = exchange.request_body, dialect_of(exchange)
    call = read_chat(body)
    assert refusal(dialect, call) is None
    sent = json.loads(dialect.encode(call, "up").body)
    assert sent["model"] == "up"
    assert normal(sent) == normal(body)
    if call.stream:
        assert sent["stream_options"]["include_usage"] is True


@pytest.mark.parametrize("exchange", EMBEDDED, ids=str)
def test_recorded_embeddings_are_asked_for_as_they_were(exchange: Exchange) -> None:
    """As numbers, whatever the client wants in the end."""
    body = exchange.request_body
    sent = json.loads(dialect_of(exchange).encode(read_embeddings(body), body["model"]).body)
    assert sent == {**body, "encoding_format": "float"}


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, nothing above runs."""
    assert (shared / "wire").is_dir()
    assert len(ASKED) > 90
