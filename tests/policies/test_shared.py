"""A limit that several processes keep together: what one says is counted by the others like their own."""

from hypothesis import given
from hypothesis import strategies as st

from policies.limits import Admitted, Meter, Need, Refusal, Spent, admit
from policies.rate import Quota
from policies.settings import Limits
from policies.shared import Levels, SharedMeter, Use

ALL = Limits(rpm=10, tpm=1000, concurrent=3, usd_per_day=1.0)


def ask(meter: Meter, tokens: int = 0, nano_usd: int = 0, now: float = 0.0) -> Admitted | Refusal:
    """A call under this meter."""
    return admit([meter], Need(tokens, nano_usd), now, [Spent()])


def run(meter: Meter, tokens: int = 0, nano_usd: int = 0, now: float = 0.0) -> Admitted:
    """A call that is let in."""
    admitted = ask(meter, tokens, nano_usd, now)
    assert isinstance(admitted, Admitted)
    return admitted


def why_not(meter: Meter, tokens: int = 0, nano_usd: int = 0, now: float = 0.0) -> str:
    """What is in a call's way."""
    refusal = ask(meter, tokens, nano_usd, now)
    assert isinstance(refusal, Refusal)
    return refusal.what


def test_what_others_run_hold_and_charge_counts_as_ones_own() -> None:
    """Each limit by itself is reached by the sum."""
    meter = SharedMeter(Limits(concurrent=3))
    meter.hear(2, Use(running=2), 0.0)
    run(meter)
    assert why_not(meter) == "concurrent"

    meter = SharedMeter(Limits(rpm=10))
    meter.hear(2, Use(requests=10), 0.0)
    assert why_not(meter) == "requests"

    meter = SharedMeter(Limits(tpm=1000))
    meter.hear(2, Use(held_tokens=600, tokens=300), 0.0)
    run(meter, tokens=100)
    assert why_not(meter, tokens=1) == "tokens"

    meter = SharedMeter(Limits(usd_per_day=1.0))
    meter.hear(2, Use(held_nano_usd=900_000_000), 0.0)
    assert why_not(meter, nano_usd=200_000_000) == "usd_per_day"


def test_saying_it_again_changes_nothing() -> None:
    """What is told is the whole, not the difference: a word may be repeated, or be lost."""
    meter = SharedMeter(ALL)
    meter.hear(2, Use(1, 100, 10, 4, 200), 0.0)
    meter.hear(2, Use(2, 300, 30, 6, 400), 0.0)
    meter.hear(2, Use(2, 300, 30, 6, 400), 0.0)
    assert (meter.running, meter.held) == (2, 300)
    assert meter.quotas(0.0).requests == Quota(10, 4, 36.0)
    assert meter.quotas(0.0).tokens == Quota(1000, 570, 24.0)


def test_its_own_use_leaves_the_others_out() -> None:
    """Otherwise each would count the others' calls twice, and their sum would grow for ever."""
    changes: list[int] = []
    meter = SharedMeter(ALL, changed=lambda: changes.append(1))
    meter.hear(2, Use(1, 100, 10, 4, 200), 0.0)
    assert meter.own() == Use()
    assert changes == []
    call = run(meter, tokens=50, nano_usd=7)
    assert meter.own() == Use(1, 7, 50, 1, 0)
    call.settle(40, 0.0)
    assert meter.own() == Use(1, 0, 0, 1, 40)
    told = len(changes)
    call.leave(0.0)
    assert meter.own() == Use(0, 0, 0, 1, 40)
    assert told < len(changes)


def test_of_a_dead_process_only_what_it_charged_stays() -> None:
    """Nothing it ran is running any more; but a minute's requests were made, whoever made them."""
    meter = SharedMeter(ALL)
    meter.hear(2, Use(3, 900_000_000, 500, 6, 300), 0.0)
    meter.forget(2)
    meter.forget(2)
    assert (meter.running, meter.held, meter.own()) == (0, 0, Use())
    assert meter.quotas(0.0).requests == Quota(10, 4, 36.0)
    meter.hear(2, Use(1, 0, 0, 1, 0), 0.0)
    assert meter.quotas(0.0).requests == Quota(10, 3, 42.0)


def test_one_that_begins_later_is_not_charged_with_the_past() -> None:
    """What the older one has charged since it began is an hour's; what counts is what is left of it."""
    older, newer = SharedMeter(ALL), SharedMeter(ALL)
    for minute in range(60):
        for _ in range(10):
            run(older, now=minute * 60.0).leave(minute * 60.0)
    assert older.own().requests == 600
    newer.meet(1, older.own(), older.levels(3540.0), 3540.0)
    assert older.quotas(3540.0) == newer.quotas(3540.0)
    newer.hear(1, older.own(), 3540.0)
    assert isinstance(run(newer, now=3546.0), Admitted)
    assert why_not(newer, now=3546.0) == "requests"


def test_a_meter_without_rates_has_no_levels() -> None:
    """And what is said of rates that it does not have is nothing to it."""
    meter = SharedMeter(Limits(concurrent=1))
    meter.meet(2, Use(0, 0, 0, 5, 5), Levels(5.0, 5.0), 0.0)
    assert meter.levels(0.0) == Levels()
    assert isinstance(ask(meter), Admitted)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.booleans()), max_size=60))
def test_if_all_is_told_at_once_processes_are_as_strict_as_one(
    calls: list[tuple[int, int, bool]],
) -> None:
    """The same calls under one meter and under three that hear of each step: the same are let in."""
    alone = Meter(ALL)
    shared = [SharedMeter(ALL) for _ in range(3)]
    running: list[tuple[Admitted, Admitted, int, int]] = []
    for step, (process, tokens, ends) in enumerate(calls):
        now = step * 0.5
        here, there = ask(alone, tokens, tokens, now), ask(shared[process], tokens, tokens, now)
        assert isinstance(here, Admitted) == isinstance(there, Admitted)
        if isinstance(here, Admitted) and isinstance(there, Admitted):
            running.append((here, there, tokens, process))
        tell_all(shared, process, now)
        if ends and running:
            here, there, used, owner = running.pop(0)
            for call in (here, there):
                call.settle(used // 2, now)
                call.leave(now)
            tell_all(shared, owner, now)


def tell_all(meters: list[SharedMeter], process: int, now: float) -> None:
    """One process says what is its own, the others hear it."""
    for other, meter in enumerate(meters):
        if other != process:
            meter.hear(process, meters[process].own(), now)
