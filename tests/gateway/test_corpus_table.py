"""Every recorded exchange, and what becomes of its like here: none is left out in silence.

A row says for recordings of a kind whether they are translated, passed on or refused, and why; and which tests
hold them against what was recorded. The last row that fits counts.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs
import pytest

from gateway.apis.routes import find
from providers.openai_responses import OpenAIResponses
from providers.types import ChatCall, Failed
from tests.gateway import test_corpus_requests, test_sessions
from tests.gateway.apis import (
    recorded,
    test_completions,
    test_corpus_generate,
    test_corpus_messages,
    test_corpus_responses,
)
from tests.providers import (
    test_corpus_anthropic,
    test_corpus_bedrock,
    test_corpus_gemini,
    test_corpus_openai,
    test_corpus_vertex,
    test_plain,
)
from tests.providers.corpus import SHARED, Exchange, load

Verdict: TypeAlias = Literal["pass", "translate", "refuse"]

WIRE = SHARED / "wire"
ALL = sorted("/".join((*path.parts[-3:-1], path.stem)) for path in WIRE.glob("*/*/*.json"))


def names(*lists: Iterable[Any]) -> frozenset[str]:
    """The recordings that a test goes over."""
    return frozenset(str(one) for each in lists for one in each)


def session_names() -> frozenset[str]:
    return frozenset("/".join((*path.parts[-3:-1], path.stem)) for path in test_sessions.SESSIONS)


OPENAI = names(
    test_corpus_openai.CHATS,
    test_corpus_openai.EMBEDDINGS,
    test_corpus_openai.OTHERS,
    test_corpus_requests.ASKED,
)
ANTHROPIC = names(test_corpus_anthropic.ALL, test_corpus_messages.ASKED)
GOOGLE = names(test_corpus_gemini.ALL, test_corpus_generate.ASKED)
VERTEX = names(test_corpus_vertex.ALL, test_corpus_gemini.ALL)
BEDROCK = names(test_corpus_bedrock.ALL)
UNASKED = [
    one
    for one in load(SHARED, "openai", "responses-*error*")
    if not isinstance(one.request_body, dict)
]
"""Answers that were kept without what was asked."""

RESPONSES = names(test_corpus_responses.ASKED, UNASKED)
PLAIN = names(test_plain.RECORDED)
COMPLETIONS = names(test_completions.RECORDED)
NOBODY: frozenset[str] = frozenset()


@attrs.frozen
class Row:
    """`pattern` is of `provider/feature/file`; `path` is where a client would ask for such a thing here."""

    pattern: str
    verdict: Verdict
    why: str
    tested: frozenset[str] = attrs.field(repr=False)
    path: str | None = None


CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
CONTENT = "/v1beta/models/m:generateContent"

TABLE: Sequence[Row] = (
    Row("*/chat-*", "pass", "OpenAI's form on both sides; unknown members stay", OPENAI, CHAT),
    Row("*/embeddings*", "pass", "OpenAI's form on both sides", OPENAI, "/v1/embeddings"),
    Row("*/completions-*", "pass", "to who still has them", COMPLETIONS, "/v1/completions"),
    Row("*/moderations/*", "pass", "only the model is read", PLAIN, "/v1/moderations"),
    Row("*/images-*", "pass", "only the model is read", PLAIN, "/v1/images/generations"),
    Row("*/audio-*", "pass", "only the model is read", PLAIN, "/v1/audio/transcriptions"),
    Row("anthropic/messages*", "pass", "Anthropic's form on both sides", ANTHROPIC, MESSAGES),
    Row(
        "anthropic/count-tokens*",
        "pass",
        "Anthropic's form on both sides",
        ANTHROPIC,
        "/v1/messages/count_tokens",
    ),
    Row("gemini/generate*", "pass", "Google's form on both sides", GOOGLE, CONTENT),
    Row(
        "gemini/embed*",
        "pass",
        "Google's form on both sides",
        GOOGLE,
        "/v1beta/models/m:embedContent",
    ),
    Row("gemini/count-tokens*", "pass", "Google's form", GOOGLE, "/v1beta/models/m:countTokens"),
    Row("gemini/models/*", "translate", "lists of models are ours to make", GOOGLE),
    Row("vertex/*", "translate", "reached in any form; Vertex has paths of its own", VERTEX, CHAT),
    Row("bedrock/*", "translate", "Converse is reached in any form", BEDROCK, CHAT),
    Row("*/responses-*", "pass", "OpenAI's form on both sides", RESPONSES, "/v1/responses"),
    Row("*/realtime-ws/*", "pass", "messages go through as they are", session_names()),
    Row(
        "bedrock/invoke*",
        "refuse",
        "each model's own format; Converse is the one that all share",
        BEDROCK,
        "/model/m/invoke",
    ),
    Row(
        "*/native-chat*",
        "refuse",
        "Cohere and Ollama are asked at their OpenAI-compatible addresses",
        NOBODY,
        "/api/chat",
    ),
    Row(
        "gemini/realtime-ws/*",
        "refuse",
        "another protocol than OpenAI's; no client of ours speaks it",
        NOBODY,
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
    ),
    Row(
        "gemini/cached-contents*",
        "refuse",
        "kept by one key at Google: a pool could not find it again",
        NOBODY,
        "/v1beta/cachedContents",
    ),
    Row(
        "openai/responses-compact*",
        "refuse",
        "sums up a conversation that one key keeps",
        NOBODY,
        "/v1/responses/compact",
    ),
    Row(
        "openai/realtime-client_secrets*",
        "refuse",
        "a secret of the provider's is not the client's to have; project keys go by subprotocol",
        NOBODY,
        "/v1/realtime/client_secrets",
    ),
)


def row_of(name: str) -> Row | None:
    fitting = [row for row in TABLE if fnmatch(name, row.pattern)]
    return fitting[-1] if fitting else None


@pytest.mark.parametrize("name", ALL)
def test_every_recording_has_its_row_and_its_test(name: str) -> None:
    """What is not refused is held against what was recorded."""
    row = row_of(name)
    assert row is not None, "nobody has decided what becomes of this"
    assert row.why
    if row.verdict == "refuse":
        assert row.path is not None
        assert find(row.path) is None
        return
    assert name in row.tested
    if row.path is not None:
        assert find(row.path) is not None


@pytest.mark.parametrize("exchange", UNASKED, ids=str)
def test_errors_that_were_kept_without_their_question_are_errors(exchange: Exchange) -> None:
    """Whether they come with their status or in a stream that began well."""
    dialect = OpenAIResponses()
    if exchange.status != 200:
        error = dialect.error(exchange.status, exchange.response_headers, exchange.response_body)
        assert error.message
        return
    decoder = dialect.decoder(ChatCall("m", (), {}, stream=True))
    events = [*decoder.feed(exchange.response_body), *decoder.finish()]
    assert isinstance(events[-1], Failed)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.pattern)
def test_every_row_is_of_something(row: Row) -> None:
    """A row that fits nothing would say nothing."""
    if not ALL:
        pytest.skip("../shared (recorded provider traffic) is not here")
    assert any(row_of(name) == row for name in ALL)


def test_nearly_all_recordings_are_served(shared: Path) -> None:
    """And all of them are classified."""
    assert (shared / "wire").is_dir()
    verdicts = [row.verdict for name in ALL if (row := row_of(name)) is not None]
    assert len(verdicts) == len(ALL)
    assert len(recorded.ANSWERED) > 150
    assert verdicts.count("refuse") < 0.06 * len(ALL)
