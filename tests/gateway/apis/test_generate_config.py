"""`generationConfig` in OpenAI's parameters."""

from typing import Any

import pytest

from gateway.apis.generate_config import foreign, parameters_of
from gateway.wire_tools import read_format
from providers.conversation import ResponseFormat
from tests.gateway.asked import refusal

OWN = "generationConfig"


def read(**config: Any) -> dict[str, Any]:
    return parameters_of({OWN: config})


def test_parameters_have_openais_names() -> None:
    """Those that are not given are not there; what is null is not given."""
    made = read(topK=4, stop_sequences=["a"], seed=None)
    assert made == {
        "top_k": 4,
        "stop": ["a"],
        "response_format": None,
        "reasoning_effort": None,
    }


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, None),
        ({"responseMimeType": "text/plain"}, None),
        ({"responseMimeType": "application/json"}, ResponseFormat()),
        ({"responseSchema": {"type": "OBJECT"}}, ResponseFormat({"type": "object"}, "answer")),
        ({"responseJsonSchema": {"type": "object"}}, ResponseFormat({"type": "object"}, "answer")),
        ({"_responseJsonSchema": {"type": "object"}}, ResponseFormat({"type": "object"}, "answer")),
    ],
)
def test_the_answer_may_have_to_be_json(config: Any, expected: ResponseFormat | None) -> None:
    """Of any kind, or by a schema."""
    assert read_format(read(**config)) == expected
    assert foreign({OWN: config}) is None


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        ({"thinkingBudget": -1}, None),
        ({"thinkingBudget": 0}, "none"),
        ({"thinkingBudget": 1024}, "low"),
        ({"thinking_budget": 8192}, "medium"),
        ({"thinkingBudget": 20000}, "high"),
        ({"thinkingLevel": "HIGH"}, "high"),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None),
        ({"includeThoughts": True}, None),
    ],
)
def test_how_long_to_think_is_a_word(thinking: Any, effort: str | None) -> None:
    """Whether it was a budget or a level before."""
    assert read(thinkingConfig=thinking)["reasoning_effort"] == effort
    assert foreign({OWN: {"thinkingConfig": thinking}}) is None


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"responseModalities": ["AUDIO"]}, "responseModalities"),
        ({"speech_config": {}}, "speechConfig"),
        ({"responseMimeType": "text/x.enum"}, "responseMimeType"),
        ({"responseMimeType": []}, "responseMimeType"),
        ({"thinkingConfig": {"thinkingLevel": "ULTRA"}}, "thinkingConfig.thinkingLevel"),
    ],
)
def test_what_only_google_understands_is_named(config: Any, place: str) -> None:
    """Words that it may learn, too."""
    assert foreign({OWN: config}) == f"{OWN}.{place}"


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"responseSchema": []}, "responseSchema"),
        ({"responseJsonSchema": "x"}, "responseJsonSchema"),
        ({"thinkingConfig": 5}, "thinkingConfig"),
        ({"thinkingConfig": {"thinkingBudget": True}}, "thinkingConfig.thinkingBudget"),
        ({"thinkingConfig": {"thinkingLevel": 5}}, "thinkingConfig.thinkingLevel"),
    ],
)
def test_what_is_mistyped_is_named(config: Any, place: str) -> None:
    """Where it stands."""
    error = refusal(lambda: read(**config))
    assert error.param == f"{OWN}.{place}"
    assert f"'{OWN}.{place}'" in error.message
