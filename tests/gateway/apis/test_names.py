"""Members of Google's JSON by either of their names."""

import pytest

from gateway.apis.names import an_object, camel, member, members, objects, snake
from tests.gateway.asked import refusal


@pytest.mark.parametrize(
    ("one", "other"),
    [("topK", "top_k"), ("maxOutputTokens", "max_output_tokens"), ("seed", "seed")],
)
def test_a_member_has_two_names(one: str, other: str) -> None:
    """Camel case counts where both are there."""
    assert (snake(one), camel(other), camel(one)) == (other, one, one)
    assert member({one: 0, other: 2} if one != other else {one: 0}, one) == 0
    assert member({other: 2}, one) == 2
    assert member({}, one) is None
    assert members({other: 2, "x": None}) == {one: 2}


def test_one_object_counts_as_an_array_of_one() -> None:
    """As Google's own parser has it."""
    assert objects({"a": 1}, "tools") == [("tools[0]", {"a": 1})]
    assert objects([{"a": 1}, {}], "tools") == [("tools[0]", {"a": 1}), ("tools[1]", {})]
    assert objects(None, "tools") == []


@pytest.mark.parametrize("value", ["x", 5, ["x"], [None]])
def test_what_is_no_array_of_objects_is_named(value: object) -> None:
    """By its place."""
    assert refusal(lambda: objects(value, "tools")).param == "tools"


def test_what_is_no_object_is_named() -> None:
    """By its name in camel case."""
    assert an_object({"tool_config": {"a": 1}}, "toolConfig") == {"a": 1}
    assert an_object({}, "toolConfig") == {}
    assert refusal(lambda: an_object({"tool_config": 5}, "toolConfig")).param == "toolConfig"
