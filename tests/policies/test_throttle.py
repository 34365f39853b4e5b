"""The freeze on hedging where things fail."""

from policies.throttle import Throttle


def test_five_failures_in_a_row_freeze_a_domain_and_nobody_else():
    """Half of ten tokens; the neighbours are not concerned."""
    throttle = Throttle()
    for _ in range(4):
        throttle.failed("a")
    assert not throttle.frozen("a")
    throttle.failed("a")
    assert throttle.frozen("a")
    assert not throttle.frozen("b")


def test_one_good_answer_thaws_the_edge_and_fifty_a_domain_that_broke_wholly():
    """A tenth of a token each, exactly."""
    throttle = Throttle()
    for _ in range(5):
        throttle.failed("a")
    throttle.succeeded("a")
    assert not throttle.frozen("a")
    for _ in range(1000):
        throttle.failed("a")
    for _ in range(50):
        throttle.succeeded("a")
    assert throttle.frozen("a")
    throttle.succeeded("a")
    assert not throttle.frozen("a")


def test_a_domain_that_fails_rarely_is_never_frozen():
    """One call in twelve is below what freezes, for ever."""
    throttle = Throttle()
    for call in range(12_000):
        (throttle.succeeded if call % 12 else throttle.failed)("a")
        assert not throttle.frozen("a")


def test_a_domain_that_fails_often_is_frozen_in_the_end():
    """One call in ten is above."""
    throttle = Throttle()
    for call in range(2_000):
        (throttle.succeeded if call % 10 else throttle.failed)("a")
    assert throttle.frozen("a")


def test_only_the_troubled_are_remembered():
    """A domain that has all its tokens takes no memory."""
    throttle = Throttle()
    throttle.succeeded("a")
    throttle.failed("b")
    assert set(throttle._tenths) == {"b"}
    for _ in range(10):
        throttle.succeeded("b")
    assert not throttle._tenths
