"""Which of OpenAI's parameters would be lost."""

from typing import Any

import pytest

from providers.parameters import first_refused, top_k
from providers.types import ChatCall


def call(body: dict[str, Any], **more: Any) -> ChatCall:
    return ChatCall("m", (), body, **more)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"model": "m", "messages": [], "stream": True, "stop": "x", "temperature": 1, "top_p": 1},
        {"max_tokens": 1, "max_completion_tokens": 1},
        {"user": "u", "metadata": {"a": "b"}, "service_tier": "flex", "safety_identifier": "s"},
        {"prompt_cache_key": "k", "prompt_cache_retention": "24h"},
        {"stream_options": {"include_usage": True}, "parallel_tool_calls": False},
        {"response_format": {"type": "text"}, "modalities": ["text"], "store": False},
        {"n": 1, "presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": {}},
        {"logprobs": False, "top_logprobs": 0, "tools": [], "tool_choice": "none"},
        {"functions": [], "function_call": "auto", "top_k": 40},
        {"reasoning_effort": None, "whatever": None},
    ],
)
def test_what_asks_for_nothing_is_not_refused(body: dict[str, Any]) -> None:
    """Common parameters, labels and hints, spelled-out defaults, nulls."""
    assert first_refused(call(body)) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_format", {"type": "json_object"}),
        ("response_format", {"type": "json_schema", "json_schema": {}}),
        ("logprobs", True),
        ("top_logprobs", 2),
        ("logit_bias", {"50256": -100}),
        ("reasoning_effort", "low"),
        ("verbosity", "low"),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "x"}),
        ("prediction", {"type": "content"}),
        ("web_search_options", {}),
        ("tools", [{"type": "function"}]),
        ("tool_choice", "required"),
        ("tool_choice", {"type": "function"}),
        ("functions", [{}]),
        ("function_call", {"name": "f"}),
        ("store", True),
        ("n", 2),
        ("seed", 0),
        ("presence_penalty", 0.1),
        ("frequency_penalty", -0.1),
        ("top_k", "40"),
        ("an_extension", False),
    ],
)
def test_what_would_be_lost_is_named(name: str, value: Any) -> None:
    """By its own name, whatever stands around it."""
    assert first_refused(call({"model": "m", name: value, "user": "u"})) == name


def test_the_first_of_several_is_named() -> None:
    """In the order of the request."""
    assert first_refused(call({"b": 1, "a": 1})) == "b"


def test_a_call_is_asked_too_and_not_only_its_body() -> None:
    """Its named fields are what is encoded, wherever they came from."""
    assert first_refused(call({}, n=2)) == "n"
    assert first_refused(call({}, seed=0)) == "seed"
    assert first_refused(call({"zeta": 1}, seed=0)) == "zeta"


def test_what_a_dialect_honours_is_not_refused() -> None:
    """It says so itself."""
    assert first_refused(call({"seed": 1, "n": 3}), frozenset({"seed", "n"})) is None


@pytest.mark.parametrize(("value", "found"), [(3, 3), (1.5, 1.5), (True, None), ("3", None)])
def test_top_k_is_a_number(value: Any, found: float | None) -> None:
    """Anything else is as good as none."""
    assert top_k({"top_k": value}) == found
    assert top_k({}) is None
