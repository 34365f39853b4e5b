"""Calls that Vertex tells piece by piece."""

from typing import Any

import pytest

from providers.gemini_calls import Calls
from providers.types import ToolDelta


def read(*parts: dict[str, Any]) -> list[Any]:
    calls = Calls(0)
    return [event for part in parts for event in calls.read(part, None)]


@pytest.mark.parametrize(
    ("pieces", "arguments"),
    [
        ([], "{}"),
        ([("$.a", "stringValue", "x"), ("$.a", "stringValue", "y")], '{"a":"xy"}'),
        ([("$.a.b", "numberValue", 1), ("$.a.c", "boolValue", False)], '{"a":{"b":1,"c":false}}'),
        (
            [("$.l[1]", "stringValue", "z"), ("$.l[0]", "nullValue", "NULL_VALUE")],
            '{"l":[null,"z"]}',
        ),
        ([("$.l[0].n", "numberValue", 2)], '{"l":[{"n":2}]}'),
        ([("$['odd name']", "stringValue", "v")], '{"odd name":"v"}'),
        ([("$", "stringValue", "lost"), ("nonsense", "stringValue", "lost")], "{}"),
    ],
)
def test_arguments_are_put_together_by_their_paths(pieces: Any, arguments: str) -> None:
    """Texts go on, everything else is put where it belongs; what has no place is left out."""
    parts = [
        {"partialArgs": [{"jsonPath": path, kind: value}], "willContinue": True}
        for path, kind, value in pieces
    ]
    assert read({"name": "f", "willContinue": True}, *parts, {}) == [
        ToolDelta(0, "", name="f"),
        ToolDelta(0, arguments),
    ]


def test_a_call_ends_where_the_next_begins() -> None:
    """Whether or not it was said."""
    begun = {"name": "f", "willContinue": True}
    assert read(begun, {"name": "g", "args": {"x": 1}, "id": "i"}) == [
        ToolDelta(0, "", name="f"),
        ToolDelta(0, "{}"),
        ToolDelta(1, '{"x":1}', id="i", name="g"),
    ]


def test_a_piece_of_no_call_is_nothing() -> None:
    """An upstream may send anything."""
    assert read({}, {"partialArgs": [{"jsonPath": "$.a", "stringValue": "x"}]}) == []
