"""The ledger keeps a bounded number of days, and totals for ever."""

import datetime as dt
import random

import attrs

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


def test_a_clock_that_was_wrong_for_a_moment_costs_a_day_and_not_the_year(request_ended):
    """One request from the far future does not empty the days that are kept."""
    ledger = Ledger()
    for day in range(KEPT_DAYS):
        ledger.count(request_ended(ts=day * DAY))
    ledger.count(request_ended(ts=100_000 * DAY))
    assert len(ledger.days) == KEPT_DAYS
    assert ledger.on(dt.date(1970, 1, 2), "demo", "live").requests == 1


def test_a_day_has_all_sums(request_ended):
    """Requests, errors, attempts, and tokens of both directions."""
    ledger = Ledger()
    ledger.count(request_ended(ts=1))
    ledger.count(attrs.evolve(request_ended(ts=2), status=502, error="upstream"))
    assert ledger.on(dt.date(1970, 1, 1), "demo", "live") == Usage(2, 1, 2, 50, 284)
