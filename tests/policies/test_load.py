"""Calls in flight."""

from policies.load import Load


def test_a_call_counts_from_begin_to_end():
    """Busy until the end, by key and in total."""
    load = Load()
    load.begin("a")
    load.begin("a")
    load.begin("b")
    assert (load.of("a"), load.of("b"), load.total) == (2, 1, 3)
    load.end("a")
    assert (load.of("a"), load.total) == (1, 2)


def test_an_idle_key_leaves_nothing_behind():
    """Memory follows the calls that run, not the keys that ever were."""
    load = Load()
    load.begin("a")
    load.end("a")
    assert load.of("a") == 0
    assert not load._flying
