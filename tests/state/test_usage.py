"""The ledger keeps a bounded number of days, and totals for ever."""

import datetime as dt
import random

import attrs

from state import codec
from state.usage import KEPT_DAYS, Ledger, Usage

DAY = 86_400_000


def test_days_fall_out_at_the_far_end_and_stay_in_the_total(request_ended):
    """In whatever order the days come."""
    records = [request_ended(ts=day * DAY) for day in range(KEPT_DAYS + 30)]
    ledgers = []
    for order in (records, records[::-1], random.Random(1).sample(records, len(records))):
        ledger = Ledger()
        for record in order:
            ledger.count(record)
        ledgers.append(ledger)
    assert ledgers[0] == ledgers[1] == ledgers[2]
    assert len(ledgers[0].days) == KEPT_DAYS
    assert ledgers[0].days[0] == dt.date(1970, 1, 31)
    assert ledgers[0].total("demo", "live").requests == len(records)
    assert ledgers[0].on(dt.date(1970, 1, 5), "demo", "live") == Usage()


def test_a_ledger_joined_from_its_sums_is_equal(request_ended):
    """In pieces of a line each, the time before the days that are kept included."""
    ledger = Ledger()
    for n in range(KEPT_DAYS + 30):
        ledger.count(request_ended(ts=n * DAY, nano_usd=n, key=f"k{n % 3}"))
    for n in range(2500):
        ledger.count(request_ended(ts=200 * DAY, project=f"p{n}", nano_usd=1, key="k"))
    summed = list(ledger.summed())
    joined = Ledger()
    for record in random.Random(1).sample(summed, len(summed)):
        _, read_back = codec.decode(codec.encode(record, 1, 0)[0][:-1])
        joined.join(read_back)
    assert joined == ledger


def test_a_clock_that_was_wrong_for_a_moment_costs_a_day_and_not_the_year(request_ended):
    """One request from the far future does not empty the days that are kept."""
    ledger = Ledger()
    for day in range(KEPT_DAYS):
        ledger.count(request_ended(ts=day * DAY))
    ledger.count(request_ended(ts=100_000 * DAY))
    assert len(ledger.days) == KEPT_DAYS
    assert ledger.on(dt.date(1970, 1, 2), "demo", "live").requests == 1


def test_a_day_has_all_sums(request_ended):
    """Requests, errors, attempts, tokens of both directions, and what it cost."""
    ledger = Ledger()
    ledger.count(request_ended(ts=1, nano_usd=3))
    ledger.count(attrs.evolve(request_ended(ts=2), status=502, error="upstream", nano_usd=4))
    assert ledger.on(dt.date(1970, 1, 1), "demo", "live") == Usage(2, 1, 2, 50, 284, 7)


def test_money_adds_up_exactly_in_any_order(request_ended):
    """Over days, days that fell out, replays and processes: no billionth of a dollar is rounded away."""
    chance = random.Random(7)
    costs = [chance.choice([1, 3, 10**9 + 1, 10**15]) for _ in range(3 * KEPT_DAYS)]
    live = [
        request_ended(f"r{n}", ts=n * DAY // 2, nano_usd=cost) for n, cost in enumerate(costs, 1)
    ]
    replayed = [codec.decode(codec.encode(record, 1, 0)[0])[1] for record in live]
    sums = []
    for records in (live, replayed, chance.sample(live, len(live)), replayed[::-1]):
        ledger = Ledger()
        for record in records:
            ledger.count(record)
        sums.append(ledger)
    assert sums[0] == sums[1] == sums[2] == sums[3]
    assert sums[0].total("demo", "live").nano_usd == sum(costs)


def test_money_is_kept_apart_by_project_environment_and_day(request_ended):
    """What one project spent today is no other's, and not yesterday's."""
    ledger = Ledger()
    ledger.count(request_ended(ts=1, nano_usd=1))
    ledger.count(request_ended(ts=DAY, nano_usd=10))
    ledger.count(request_ended(ts=DAY, nano_usd=100, environment="test"))
    ledger.count(request_ended(ts=DAY, nano_usd=1000, project="other"))
    first, second = dt.date(1970, 1, 1), dt.date(1970, 1, 2)
    assert ledger.on(first, "demo", "live").nano_usd == 1
    assert ledger.on(second, "demo", "live").nano_usd == 10
    assert ledger.on(second, "demo", "test").nano_usd == 100
    assert ledger.on(second, "other", "live").nano_usd == 1000


def test_usage_is_told_in_dollars():
    """A billion billionths are one."""
    assert Usage(nano_usd=2_500_000_000).usd == 2.5
    assert Usage().usd == 0.0
    assert not Usage(nano_usd=5, tax_low=3, tax_high=3).unknown


def test_what_losers_may_have_cost_is_told_as_bounds(request_ended):
    """Known is what is certain; the upper bound has what cancelled calls may be billed."""
    ledger = Ledger()
    ledger.count(request_ended(ts=1, nano_usd=10**9, tax_low=10**9, tax_high=3 * 10**9))
    usage = ledger.total("demo", "live")
    assert (usage.usd, usage.usd_at_most, usage.unknown) == (2.0, 4.0, True)


def test_spending_of_a_month_is_the_sum_of_its_days_with_what_losers_may_have_cost(request_ended):
    """Of live requests; the last day of the month before is not in it, nor the first of the next."""
    ledger = Ledger()
    for day in range(70):
        ledger.count(request_ended(ts=day * DAY, nano_usd=1, tax_high=10))
        ledger.count(request_ended(ts=day * DAY, nano_usd=100, environment="test"))
        ledger.count(request_ended(ts=day * DAY, nano_usd=1000, project="other"))
    february = dt.date(1970, 2, 1), dt.date(1970, 2, 28)
    assert ledger.spent(*february, "demo") == 28 * 11
    assert ledger.spent(dt.date(1970, 2, 3), dt.date(1970, 2, 3), "demo") == 11
    assert ledger.spent(*february, "nobody") == 0


def test_spending_of_each_key_is_kept_for_the_days_that_are_kept(request_ended):
    """Keys with the same digits in two projects are two; what came from nowhere is nobody's."""
    ledger = Ledger()
    for day in range(KEPT_DAYS + 10):
        ledger.count(request_ended(ts=day * DAY, nano_usd=1, key="a1"))
        ledger.count(request_ended(ts=day * DAY, nano_usd=10, key="b2"))
        ledger.count(request_ended(ts=day * DAY, nano_usd=100, key="a1", project="other"))
    for late in (0, 5):
        ledger.count(request_ended(ts=late * DAY, nano_usd=1, key="a1"))
    ever = dt.date(1970, 1, 1), dt.date(1972, 1, 1)
    assert ledger.spent(*ever, "demo", "a1") == KEPT_DAYS
    assert ledger.spent(*ever, "demo", "b2") == 10 * KEPT_DAYS
    assert ledger.spent(*ever, "demo", "c3") == 0
    assert ledger.total("demo", "live").nano_usd == 11 * (KEPT_DAYS + 10) + 2


def test_a_request_of_a_release_without_prices_cost_nothing(request_ended):
    """Its line has no such member."""
    line, _ = codec.encode(request_ended(ts=1), 1, 0)
    assert b'"nano_usd":0,' in line
    _, record = codec.decode(line.replace(b'"nano_usd":0,', b""))
    ledger = Ledger()
    ledger.count(record)
    assert ledger.total("demo", "live") == Usage(1, 0, 1, 25, 142, 0)
