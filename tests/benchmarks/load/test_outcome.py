"""The terms of the field, for one request."""

from array import array

import pytest

from tests.benchmarks.load.made import failed, outcome


def test_time_per_output_token_leaves_the_first_one_out() -> None:
    """From the first token to the last, over the number of tokens less one, as the server counts them."""
    assert outcome(itl=array("d", [0.1, 0.3]), output_tokens=5).tpot == pytest.approx(0.1)


def test_one_token_has_no_time_per_token() -> None:
    """Nor has a whole answer, or none."""
    assert outcome(itl=array("d"), output_tokens=1).tpot is None
    assert outcome(ttft=None, itl=array("d"), output_tokens=9).tpot is None
    assert failed().tpot is None


def test_a_request_that_was_given_up_is_a_failure_of_its_own_kind() -> None:
    """It has a latency: at least what was waited."""
    assert failed(error="timeout").waited_out
    assert not failed().waited_out
    assert not failed(error="timeout").answered
