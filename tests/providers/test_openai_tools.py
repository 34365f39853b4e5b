"""Calls of tools, told apart however an upstream numbers them."""

from typing import Any

import pytest

from providers.openai_tools import ToolCalls
from providers.types import ToolDelta


def read(*deltas: list[dict[str, Any]]) -> list[ToolDelta]:
    calls = ToolCalls(0)
    return [piece for delta in deltas for piece in calls.read({"tool_calls": delta})]


def piece(
    id_: str | None = None, name: str | None = None, arguments: Any = "", **more: Any
) -> dict[str, Any]:
    told = {k: v for k, v in {"name": name, "arguments": arguments}.items() if v is not None}
    return {**({"id": id_} if id_ is not None else {}), "function": told, **more}


BOTH = [
    ToolDelta(0, "", id="a", name="f"),
    ToolDelta(0, "{}"),
    ToolDelta(1, "", id="b", name="g"),
    ToolDelta(1, "[]"),
]


@pytest.mark.parametrize(
    "deltas",
    [
        [
            [piece("a", "f", index=0)],
            [piece(arguments="{}", index=0)],
            [piece("b", "g", index=1)],
            [piece(arguments="[]", index=1)],
        ],
        [[piece("a", "f")], [piece(arguments="{}")], [piece("b", "g")], [piece(arguments="[]")]],
        [
            [piece("a", "f")],
            [piece("a", arguments="{}")],
            [piece("b", "g")],
            [piece("b", arguments="[]")],
        ],
        [
            [piece("a", "f", index=0)],
            [piece(arguments="{}", index=0)],
            [piece("b", "g", index=0)],
            [piece(arguments="[]", index=0)],
        ],
    ],
    ids=["numbered", "neither", "by id", "all numbered 0"],
)
def test_two_calls_are_told_apart(deltas: list[list[dict[str, Any]]]) -> None:
    """By index, by id, or by which brought a name last."""
    assert read(*deltas) == BOTH


def test_a_call_may_lack_an_id_and_have_an_object_for_arguments() -> None:
    """The id is made up further on; arguments become the text they should have been."""
    assert read([piece("", "f", {"a": 1}), piece(None, "g", None)]) == [
        ToolDelta(0, '{"a":1}', name="f"),
        ToolDelta(1, "", name="g"),
    ]


def test_what_is_no_call_is_none() -> None:
    """An upstream may send anything."""
    assert ToolCalls(0).read({"tool_calls": "x"}) == []
    assert ToolCalls(0).read({"tool_calls": [5, None]}) == []
    assert ToolCalls(0).read({"function_call": None}) == []
