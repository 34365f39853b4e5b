"""Single members of a request: what is taken, what is refused, and who is named."""

import math
from typing import Any

import pytest

from gateway.fields import MAX_STOPS, integer, number, optional_bool, string, strings
from tests.gateway.asked import refusal

NO_STRINGS: list[Any] = [None, 5, 5.0, True, [], {}, ["a"]]
NO_NUMBERS: list[Any] = ["5", "", True, False, [], {}, [5]]


@pytest.mark.parametrize("value", ["", "a", "ğ", "\x00"])
def test_any_string_is_a_string(value: str) -> None:
    """What it must hold beyond that is the caller's to say."""
    assert string(value, "model") == value


@pytest.mark.parametrize("value", NO_STRINGS)
def test_what_is_no_string_is_refused_by_name(value: Any) -> None:
    """Null too: who asks for a string needs one."""
    error = refusal(lambda: string(value, "model"))
    assert (error.status, error.param) == (400, "model")
    assert error.message == "'model' must be a string"


@pytest.mark.parametrize(
    ("body", "value"),
    [({}, False), ({"stream": None}, False), ({"stream": False}, False), ({"stream": True}, True)],
)
def test_a_boolean_is_false_unless_it_is_true(body: dict[str, Any], value: bool) -> None:
    """Absent and null are the same."""
    assert optional_bool(body, "stream") is value


@pytest.mark.parametrize("value", [0, 1, "true", "", [], {}, 1.0])
def test_only_booleans_are_booleans(value: Any) -> None:
    """Guessing here would stream to a client that cannot read streams."""
    error = refusal(lambda: optional_bool({"stream": value}, "stream"))
    assert (error.status, error.param) == (400, "stream")


@pytest.mark.parametrize(
    ("value", "read"), [(1, 1), (128, 128), (5.0, 5), (1e2, 100), (None, None)]
)
def test_a_whole_number_is_read(value: Any, read: int | None) -> None:
    """Some clients know floats only, so 5.0 is 5; both ends of the range belong to it."""
    given = integer({"n": value}, "n", 1, 128)
    assert given == read
    assert not isinstance(given, float)


def test_an_absent_number_is_none() -> None:
    """The caller has the defaults."""
    assert integer({}, "n", 1, 128) is None
    assert number({}, "top_p", 0.0, 1.0) is None


@pytest.mark.parametrize("value", [*NO_NUMBERS, 5.5, math.nan, math.inf, -math.inf])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    """True is 1 to Python and to nobody else."""
    error = refusal(lambda: integer({"n": value}, "n", 1, 128))
    assert (error.status, error.param) == (400, "n")
    assert error.message == "'n' must be an integer"


@pytest.mark.parametrize("value", [0, 129, -1, 10**400, -(10**400), 1e308, 129.0])
def test_a_whole_number_out_of_range_is_refused_with_the_range(value: Any) -> None:
    """However many digits it has."""
    error = refusal(lambda: integer({"n": value}, "n", 1, 128))
    assert error.param == "n"
    assert error.message == "'n' must be between 1 and 128"


def test_a_range_is_shown_with_all_its_digits() -> None:
    """A rounded bound would be another bound."""
    error = refusal(lambda: integer({"seed": 2**64}, "seed", -(2**63), 2**63 - 1))
    assert error.message.endswith("between -9223372036854775808 and 9223372036854775807")


@pytest.mark.parametrize(
    ("value", "read"), [(0, 0.0), (2, 2.0), (0.7, 0.7), (-0.0, 0.0), (None, None)]
)
def test_a_number_is_read(value: Any, read: float | None) -> None:
    """Whole numbers are numbers, and come out as floats."""
    given = number({"temperature": value}, "temperature", 0.0, 2.0)
    assert given == read
    assert not isinstance(given, int)


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_refused(value: Any) -> None:
    """A number in quotes is a string."""
    error = refusal(lambda: number({"temperature": value}, "temperature", 0.0, 2.0))
    assert (error.status, error.param) == (400, "temperature")
    assert error.message == "'temperature' must be a number"


@pytest.mark.parametrize(
    "value", [-0.001, 2.001, 3, -1, 10**400, -(10**400), 1e308, math.inf, -math.inf, math.nan]
)
def test_a_number_out_of_range_is_refused_with_the_range(value: Any) -> None:
    """ "Not a number" is in no range."""
    error = refusal(lambda: number({"temperature": value}, "temperature", 0.0, 2.0))
    assert error.param == "temperature"
    assert error.message == "'temperature' must be between 0.0 and 2.0"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, ()),
        ([], ()),
        ("\n", ("\n",)),
        ("", ("",)),
        (["a", "", "ş"], ("a", "", "ş")),
        (["x"] * MAX_STOPS, ("x",) * MAX_STOPS),
    ],
)
def test_one_string_or_several_are_read_alike(value: Any, read: tuple[str, ...]) -> None:
    """In their order, doubles included."""
    assert strings({"stop": value}, "stop") == read


@pytest.mark.parametrize("value", [5, True, {}, {"a": "b"}, [5], ["a", None], [["a"]]])
def test_what_is_no_list_of_strings_is_refused(value: Any) -> None:
    """One wrong member is enough."""
    error = refusal(lambda: strings({"stop": value}, "stop"))
    assert (error.status, error.param) == (400, "stop")
    assert "array of strings" in error.message


def test_too_many_strings_are_refused_with_the_number_allowed() -> None:
    """The limit is ours and generous; a provider's may be narrower."""
    error = refusal(lambda: strings({"stop": ["x"] * (MAX_STOPS + 1)}, "stop"))
    assert (error.status, error.param) == (400, "stop")
    assert str(MAX_STOPS) in error.message
