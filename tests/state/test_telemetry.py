"""The bounded queue: it forgets when it must, and knows how much."""

from state.records import Dropped, KeyStateChanged
from state.telemetry import Telemetry


def news(n):
    return KeyStateChanged(f"k{n}", "resting", "429")


def test_what_is_over_the_bound_is_dropped_and_counted():
    """The oldest are kept: they are the next to be written."""
    queue = Telemetry(bound=3)
    for n in range(5):
        queue.add(news(n))
    assert queue.batch(10) == (news(0), news(1), news(2), Dropped(2))


def test_a_batch_stays_queued_until_it_is_written():
    """What is added or lost meanwhile is in the next one."""
    queue = Telemetry(bound=3)
    queue.add(news(0))
    queue.lose(1)
    batch = queue.batch(10)
    assert batch == queue.batch(10)
    queue.add(news(1))
    queue.lose(4)
    queue.written(batch)
    assert queue.batch(10) == (news(1), Dropped(4))
    queue.written(queue.batch(10))
    assert queue.batch(10) == ()
    assert len(queue) == 0


def test_a_batch_is_no_larger_than_asked_for():
    """Writing must not block the loop for long."""
    queue = Telemetry(bound=10)
    for n in range(5):
        queue.add(news(n))
    assert queue.batch(2) == (news(0), news(1))
