"""A count of tokens is a number, or the answer is none."""

from typing import Any

import pytest

from providers.counting import CountReader
from providers.errors import BrokenAnswer
from providers.types import Counted, Ended, Usage, UsageSeen


@pytest.mark.parametrize(("given", "count"), [(0, 0), (7, 7), (7.0, 7)])
def test_a_count_is_a_member_of_the_answer(given: float, count: int) -> None:
    """And nothing was used for it."""
    reader = CountReader("total")
    assert [*reader.read({"total": given})] == [Counted(count), UsageSeen(Usage())]
    assert [*reader.end(b"")] == [Ended()]


@pytest.mark.parametrize("value", [{}, {"total": None}, {"total": -1}, {"total": True}, [], "x"])
def test_anything_else_is_a_broken_answer(value: Any) -> None:
    """Another key may know better."""
    with pytest.raises(BrokenAnswer):
        list(CountReader("total").read(value))
