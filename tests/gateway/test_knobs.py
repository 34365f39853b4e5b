"""The `x-hedgerow-*` headers of one request."""

import pytest

from gateway.knobs import MAX_TAG, MAX_TAGS, Knobs, read_knobs
from tests.gateway.asked import refusal


def test_without_knobs_everything_is_left_to_the_configuration() -> None:
    """Other headers are none of theirs."""
    assert read_knobs({}) == Knobs()
    assert read_knobs({"authorization": "Bearer x", "x-hedgerow": "off"}) == Knobs()


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("off", "off"),
        ("auto", "auto"),
        ("800ms", 0.8),
        ("1s", 1.0),
        ("1m30s", 90.0),
        ("0.25", 0.25),
        ("600", 600.0),
    ],
)
def test_the_hedge_is_off_automatic_or_a_delay(value: str, read: str | float) -> None:
    """A number without a unit is seconds."""
    assert read_knobs({"x-hedgerow-hedge": value}).hedge == read


WRONG_DURATIONS = [
    *("", "soon", "OFF", "0", "0s", "-1s", "601s", "11m", "nan", "inf", "1e3", "1e999"),
    *("9" * 400, "٣s", "1s;drop", "1s, 2s", "0x10"),
]


@pytest.mark.parametrize("value", WRONG_DURATIONS)
@pytest.mark.parametrize("name", ["x-hedgerow-hedge", "x-hedgerow-timeout"])
def test_what_is_no_delay_is_refused_with_the_headers_name(name: str, value: str) -> None:
    """Zero and more than ten minutes included."""
    error = refusal(lambda: read_knobs({name: value}))
    assert (error.status, error.param) == (400, name)
    assert name in error.message


def test_a_timeout_is_a_duration() -> None:
    """It can only shorten what the policy allows, which is the ticket's business."""
    assert read_knobs({"x-hedgerow-timeout": "30s"}).timeout == 30.0


@pytest.mark.parametrize("value", ["off", "auto"])
def test_a_timeout_cannot_be_switched_off(value: str) -> None:
    """A request without an end would hold its place in the pool for ever."""
    assert refusal(lambda: read_knobs({"x-hedgerow-timeout": value})).param == "x-hedgerow-timeout"


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ("", ()),
        (" , ,", ()),
        ("a", ("a",)),
        ("a, b=c ,d", ("a", "b=c", "d")),
        ("x" * MAX_TAG, ("x" * MAX_TAG,)),
        (",".join("abcdefghijklmnop"), tuple("abcdefghijklmnop")),
    ],
)
def test_tags_are_separated_by_commas(value: str, tags: tuple[str, ...]) -> None:
    """Spaces around them and empty ones are nothing."""
    assert read_knobs({"x-hedgerow-tags": value}).tags == tags


@pytest.mark.parametrize("value", ["x" * (MAX_TAG + 1), ",".join(map(str, range(MAX_TAGS + 1)))])
def test_tags_too_long_or_too_many_are_refused(value: str) -> None:
    """They are written into every record of the journal."""
    error = refusal(lambda: read_knobs({"x-hedgerow-tags": value}))
    assert (error.status, error.param) == (400, "x-hedgerow-tags")
    assert f"{MAX_TAGS} tags of {MAX_TAG}" in error.message


@pytest.mark.parametrize(
    ("value", "no_log"),
    [
        *(("1", True), ("true", True), ("TRUE", True), ("yes", True), ("on", True)),
        *(("0", False), ("false", False), ("No", False), ("off", False), ("", False)),
    ],
)
def test_logging_can_be_declined(value: str, no_log: bool) -> None:
    """In any of the usual words for yes."""
    assert read_knobs({"x-hedgerow-no-log": value}).no_log is no_log


@pytest.mark.parametrize("value", ["ture", "2", "please", "1,1"])
def test_a_mistyped_wish_for_privacy_is_refused(value: str) -> None:
    """Taken for "no", it would log what the client asked not to be logged."""
    error = refusal(lambda: read_knobs({"x-hedgerow-no-log": value}))
    assert (error.status, error.param) == (400, "x-hedgerow-no-log")


def test_policy_and_mock_are_passed_on_unread() -> None:
    """Who knows the policies and the mocks says which there are; empty is absent."""
    headers = {"x-hedgerow-policy": "interactive", "x-hedgerow-mock": "429"}
    knobs = read_knobs(headers)
    assert (knobs.policy, knobs.mock) == ("interactive", "429")
    empty = read_knobs({"x-hedgerow-policy": "", "x-hedgerow-mock": ""})
    assert (empty.policy, empty.mock) == (None, None)
