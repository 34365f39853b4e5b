"""How calls go, and how they look to races that end on less than content."""

import pytest

from benchmarks.tail.script import (
    FIRST,
    HEADERS,
    LAST,
    MARK,
    SILENT,
    Ends,
    begun,
    ended_by,
    good,
    refused,
)
from providers.errors import Unreachable
from providers.types import Ended, Failed, Started, TextDelta, Usage, UsageSeen, is_semantic


def test_a_good_answer_comes_with_its_headers() -> None:
    """Everything up to the first token at once, the rest later."""
    script = good(0.7, 0.03)

    assert (script.accepted, script.error) == (0.7, None)
    assert script.steps == ((0.0, FIRST), (0.03, LAST))


def test_usage_comes_right_before_the_end() -> None:
    """As providers send it."""
    usage = Usage(10, 2, 12)

    assert good(0.7, 0.03, usage).steps[-1][1][-2:] == (UsageSeen(usage), Ended())


def test_a_rash_upstream_says_200_and_a_role_at_once() -> None:
    """What then comes may be an error."""
    failed = Failed(Unreachable("gone"))
    script = begun([(0.5, (failed,))])

    assert script.accepted == HEADERS
    assert script.steps == ((0.0, (Started(),)), (0.5, (failed,)))


def test_the_mark_ends_a_race_and_gives_the_client_nothing() -> None:
    """It is semantic by its kind alone."""
    assert is_semantic(MARK)
    assert isinstance(MARK, TextDelta)
    assert not MARK.text


def test_a_race_may_end_on_headers() -> None:
    """Before any line of data."""
    assert ended_by(good(0.7, 0.03), "headers").steps == (
        (0.0, (MARK,)),
        (0.0, FIRST),
        (0.03, LAST),
    )


def test_a_race_may_end_on_the_first_line() -> None:
    """A role is one."""
    script = ended_by(begun([(0.5, LAST)]), "first_line")

    assert script.steps == ((0.0, (MARK, Started())), (0.5, LAST))


@pytest.mark.parametrize("ends", ["semantic", "first_line", "headers"])
def test_where_nothing_comes_nothing_ends_a_race(ends: Ends) -> None:
    """A refusal and silence are what they are to everybody."""
    no = refused(0.08, Unreachable("no connection"))

    assert ended_by(no, ends) is no
    assert ended_by(SILENT, ends) is SILENT
    assert ended_by(good(0.7, 0.03), "semantic") == good(0.7, 0.03)
