"""JSON that is not what it should be."""

from typing import Any

import pytest

from providers.lenient import count, fields, rows, text


@pytest.mark.parametrize("value", [None, 3, "x", [], [{}], True])
def test_what_is_no_object_has_no_fields(value: Any) -> None:
    """It reads as an empty one."""
    assert fields(value) == {}


@pytest.mark.parametrize("value", [None, 3, "x", {}, {"a": [{}]}, [3, None, "x", []]])
def test_what_holds_no_objects_has_no_rows(value: Any) -> None:
    """An object's values are not its rows."""
    assert rows(value) == []


def test_objects_and_rows_are_given_as_they_are() -> None:
    """Among other things in an array, the objects are found."""
    assert fields({"a": 1}) == {"a": 1}
    assert rows([{"a": 1}, 3, {"b": 2}]) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("value", [None, 3, [], {}, b"x"])
def test_what_is_no_string_is_no_text(value: Any) -> None:
    """Numbers are not turned into text."""
    assert text(value) == ""
    assert text("x") == "x"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((3, 3), (3.9, 3), ("17", 17), (0, 0)),
        *((-1, 0), (True, 0), (None, 0), ("x", 0), ("-1", 0), ("1.5", 0), ([3], 0), ("²", 0)),
    ],
)
def test_counts_are_whole_and_not_negative(value: Any, number: int) -> None:
    """Digits in a string count, as protobuf writes them."""
    assert count(value) == number


@pytest.mark.parametrize("value", [10**400, "9" * 5000, 1e300], ids=["huge", "long", "float"])
def test_what_is_no_number_of_tokens_is_not_believed(value: Any) -> None:
    """An upstream cannot make a count overflow what is computed from it."""
    assert count(value) == 0
