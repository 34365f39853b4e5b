"""The name of a prompt's beginning: who shares it, who must not, and that it tells nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.prefix import HEADERS, LOOKED_AT, affinity
from providers.conversation import Message
from providers.types import ChatCall
from tests.gateway.asked import ANYTHING, embed

SECRET = bytes(range(32))
LONG = "Sen yardımcı bir asistansın. " * 200


def talk(*texts: str, model: str = "m", **body: Any) -> ChatCall:
    """Instructions, and then turns of the user and the assistant."""
    roles = ("system", *("user", "assistant") * len(texts))
    turns = tuple(Message(role, text) for role, text in zip(roles, texts, strict=False))
    return ChatCall(model, turns, body)


def name(call: ChatCall, project: str = "demo", **headers: str) -> str | None:
    """Its name on this installation."""
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    return affinity(call, named, project, SECRET)


def test_a_conversation_keeps_its_name_as_it_goes_on() -> None:
    """Instructions and the first question make it; what comes later does not."""
    first = name(talk(LONG, "Merhaba"))
    assert first is not None
    assert first == name(talk(LONG, "Merhaba", "Selam!", "Nasılsın?"))


def test_another_beginning_has_another_name() -> None:
    """Other instructions, another first question, another model, another project."""
    calls = [talk(LONG, "a"), talk(LONG, "b"), talk(LONG + "!", "a"), talk(LONG, "a", model="n")]
    names = {name(call) for call in calls} | {name(calls[0], "other")}
    assert len(names) == 5
    assert None not in names


def test_the_parts_of_a_prompt_do_not_run_together() -> None:
    """What ends the instructions is not the same as what begins the question."""
    assert name(talk(LONG + "ab", "c")) != name(talk(LONG + "a", "bc"))


def test_a_short_prompt_has_no_name() -> None:
    """No provider caches it, so it may go anywhere."""
    assert name(talk("Sen yardımcı bir asistansın.", "Merhaba")) is None
    assert name(talk("x" * 4000, "y")) is None
    assert name(talk("x" * 4100, "y")) is not None
    assert name(talk("", "ı" * 2040)) is not None  # two bytes each
    assert name(ChatCall("m", (), {})) is None


def test_what_a_client_says_comes_first() -> None:
    """The cache key, the session in the body, then a header; and it needs no long prompt."""
    key, session = talk("", "hi", prompt_cache_key="k"), talk("", "hi", session_id="s")
    both = talk("", "hi", prompt_cache_key="k", session_id="s")
    assert name(both) == name(key, x_session_id="h") == name(key)
    assert name(session, x_session_id="h") == name(session) != name(key)
    assert name(talk("", "hi"), x_session_id="k") == name(key)
    assert name(talk(LONG, "hi"), x_session_id="k") == name(key)


@pytest.mark.parametrize("header", HEADERS)
def test_every_usual_header_is_read(header: str) -> None:
    """There is no standard for them."""
    assert affinity(talk("", "hi"), {header: "s"}, "demo", SECRET) is not None


@pytest.mark.parametrize("value", [None, "", 7, True, ["k"], {"k": 1}])
def test_what_is_no_text_is_as_good_as_not_said(value: Any) -> None:
    """It names nothing and harms nothing."""
    call = talk("", "hi", prompt_cache_key=value, session_id=value)
    assert name(call) is None
    assert name(call, x_session_id="s") == name(talk("", "hi", session_id="s"))


def test_embeddings_have_none() -> None:
    """There is no cache for them."""
    assert affinity(embed("x" * 9000), {"x-session-id": "s"}, "demo", SECRET) is None


def test_only_the_beginning_of_a_very_long_prompt_is_looked_at() -> None:
    """What is the same for so long is worth the same cache."""
    same = "x" * LOOKED_AT
    assert name(talk(same + "a", "q")) == name(talk(same + "b", "r"))
    assert name(talk("y" + same, "q")) != name(talk(same, "q"))


@ANYTHING
@given(st.text(min_size=1), st.binary(min_size=1, max_size=64), st.binary(max_size=64))
def test_a_name_tells_nothing_without_the_secret(said: str, ours: bytes, other: bytes) -> None:
    """Sixteen hex digits that another installation's secret turns into others."""
    call = talk("", "hi", session_id=said)
    told = affinity(call, {}, "demo", ours)
    assert told is not None
    assert len(told) == 16
    assert set(told) <= set("0123456789abcdef")
    if ours.rstrip(b"\0") != other.rstrip(b"\0"):
        assert told != affinity(call, {}, "demo", other)
