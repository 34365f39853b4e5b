"""Which prompts are in whose cache."""

from policies.target import Target
from policies.warmth import MOST, TTL, Warmth

A = Target("a", "p", "d", "m")
B = Target("b", "p", "d", "m")
A_OTHER = Target("a", "p", "d", "m2")


def test_a_beginning_is_warm_where_it_was_seen():
    """Only at that key and model, and only that beginning."""
    warmth = Warmth()
    warmth.seen("x", A, 0.0)
    assert warmth.warm("x", A, 1.0)
    assert not warmth.warm("y", A, 1.0)
    assert not warmth.warm("x", B, 1.0)
    assert not warmth.warm("x", A_OTHER, 1.0)
    assert not warmth.warm(None, A, 1.0)


def test_caches_cool_unless_they_are_used():
    """Five minutes after its last use a beginning is thought to be gone."""
    warmth = Warmth()
    warmth.seen("x", A, 0.0)
    assert warmth.warm("x", A, TTL - 1.0)
    warmth.seen("x", A, TTL - 1.0)
    assert warmth.warm("x", A, TTL + 1.0)
    assert not warmth.warm("x", A, 2 * TTL)


def test_a_beginning_stays_with_the_key_that_served_it_last():
    """Until somebody else does, or too much time has passed."""
    warmth = Warmth()
    assert warmth.sticky("x", 0.0) is None
    warmth.renew("x", A, 0.0)
    assert warmth.sticky("x", 1.0) == "a"
    warmth.renew("x", B, 2.0)
    assert warmth.sticky("x", 3.0) == "b"
    assert warmth.sticky("x", 2.0 + TTL) is None


def test_seeing_is_not_binding():
    """A slow primary that won warms its cache, and does not keep the beginning."""
    warmth = Warmth()
    warmth.renew("x", A, 0.0)
    warmth.seen("x", A, 200.0)
    assert warmth.warm("x", A, 400.0)
    assert warmth.sticky("x", 400.0) is None


def test_the_longest_unused_are_forgotten_first():
    """Memory is bounded, and what is in use stays."""
    warmth = Warmth()
    for number in range(MOST):
        warmth.seen(f"{number}", A, 0.0)
        warmth.renew(f"{number}", A, 0.0)
    warmth.seen("0", A, 1.0)
    warmth.renew("0", A, 1.0)
    warmth.seen("new", A, 1.0)
    warmth.renew("new", A, 1.0)
    assert len(warmth._warm._entries) == len(warmth._sticky._entries) == MOST
    assert warmth.warm("0", A, 1.0)
    assert warmth.warm("new", A, 1.0)
    assert not warmth.warm("1", A, 1.0)
    assert warmth.sticky("0", 1.0) == "a"
    assert warmth.sticky("1", 1.0) is None
