"""The count of calls, which must never drift."""

from hypothesis import given
from hypothesis import strategies as st

from providers.simulator import Ledger
from providers.simulator.ledger import Counts, Entry

steps = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from(["a", "b"])),
        st.tuples(
            st.just("close"),
            st.integers(0, 20),
            st.sampled_from(["finished", "cancelled", "failed"]),
        ),
        st.tuples(st.just("forget")),
    ),
    max_size=60,
)


@given(steps=steps)
def test_every_call_is_in_exactly_one_place(steps: list[tuple]):
    """Whatever is opened, closed again and again, or forgotten: started is the sum of the rest."""
    ledger = Ledger()
    entries: list[Entry] = []
    running: set[int] = set()
    for step in steps:
        if step[0] == "open":
            running.add(len(entries))
            entries.append(ledger.tally(step[1]).open())
        elif step[0] == "close" and entries:
            entries[step[1] % len(entries)].close(step[2], 200)
            running.discard(step[1] % len(entries))
        elif step[0] == "forget":
            ledger.forget()
        total = ledger.total
        assert total.in_flight == ledger.in_flight == len(running)
        assert total.started == total.in_flight + total.finished + total.cancelled + total.failed
        assert sum(total.by_status.values()) == total.started - total.in_flight


def test_keys_are_counted_apart():
    """Each key has its own line, and the total is their sum."""
    ledger = Ledger()
    ledger.tally("a").open().close("finished", 200)
    ledger.tally("b").open().close("failed", 429)
    ledger.tally("b").open()
    assert ledger.key("a") == Counts(started=1, finished=1, by_status={200: 1})
    assert ledger.key("b") == Counts(started=2, in_flight=1, failed=1, by_status={429: 1})
    assert ledger.key("nobody") == Counts()
    assert ledger.total == Counts(3, 1, 1, 0, 1, {200: 1, 429: 1})


def test_a_call_that_sent_nothing_has_no_status():
    """A call cancelled before its first byte is not counted under any status."""
    ledger = Ledger()
    ledger.tally("a").open().close("cancelled")
    assert ledger.total.by_status == {}


def test_snapshot_is_the_whole_ledger():
    """What the endpoint shows."""
    ledger = Ledger()
    ledger.tally("a").open()
    shown = ledger.snapshot()
    assert shown["total"] == shown["keys"]["a"]
    assert shown["total"]["in_flight"] == 1
