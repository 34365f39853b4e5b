"""The latest requests: bounded, by time, whatever order they come in."""

import random

from state.recent import KEPT_REQUESTS, Recent


def recent(entries):
    made = Recent()
    for stamp, request in entries:
        made.add(request, stamp)
    return made


def test_the_latest_stay_in_whatever_order_they_came(request_ended):
    """Two thousand and more, in three orders: the same thousand, oldest first."""
    entries = [((n, "w", n), request_ended(f"r{n}", ts=n)) for n in range(2 * KEPT_REQUESTS + 5)]
    shuffled = random.Random(1).sample(entries, len(entries))
    assert recent(entries) == recent(entries[::-1]) == recent(shuffled)
    assert [r.request for r in recent(shuffled).whole()] == [
        r.request for _, r in entries[-KEPT_REQUESTS:]
    ]


def test_there_is_room_until_it_is_full_and_then_for_later_ones(request_ended):
    """Of the same time counts as later: the writer decides."""
    entries = [((n, "w", n), request_ended(f"r{n}", ts=n)) for n in range(10, 10 + KEPT_REQUESTS)]
    assert recent(entries[1:]).has_room(1)
    full = recent(entries)
    assert not full.has_room(9)
    assert full.has_room(10)


def test_one_is_found_by_its_id(request_ended):
    """Or not at all."""
    made = recent([((1, "w", 1), request_ended("one")), ((2, "w", 2), request_ended("two"))])
    assert made.find("one").request == "one"
    assert made.find("three") is None
