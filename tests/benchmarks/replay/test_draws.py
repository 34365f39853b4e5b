"""How calls go when they are sent again."""

import random
from typing import Any

import attrs
import numpy as np
import pytest

from benchmarks.replay.course import Arrival
from benchmarks.replay.draws import NEVER, Again, Failing, Fate, failures, fates
from benchmarks.tail import script
from benchmarks.tuner.evidence import gather
from benchmarks.tuner.model import fit
from benchmarks.tuner.reading import collect
from policies.features import UNKNOWN
from policies.target import Target
from providers.errors import RateLimited
from state.records import RequestEnded
from tests.benchmarks.virtual import raced

TARGET = Target("k", "p", "d", "m")


def told(records: list[RequestEnded], seed: int = 1) -> list[Fate]:
    """The fates of these records."""
    samples = collect(records).samples
    evidence = gather(samples)
    model = fit(evidence, evidence.once())
    return fates(records, samples, evidence, model, np.random.default_rng(seed))


def test_what_was_seen_is_repeated_and_what_was_cut_takes_longer() -> None:
    """To the millisecond; a cut call takes at least as long as it was watched."""
    _, records = raced("spiky", 2_000)

    for record, fate in zip(records, told(records), strict=True):
        first = record.attempts[0]
        if first.first_ms is not None:
            assert abs(fate.first - (first.first_ms - first.start_ms) / 1000.0) < 1e-9
        else:
            assert fate.first >= (first.end_ms - first.start_ms) / 1000.0 - 1e-9


def test_backups_are_as_any_call() -> None:
    """Over all requests the drawn ones have the median and the p90 of the first calls."""
    _, records = raced("spiky", 2_000)
    drawn = told(records)

    for p in (0.5, 0.9):
        first = np.quantile([fate.first for fate in drawn], p)
        assert abs(np.quantile([fate.backup for fate in drawn], p) / first - 1.0) < 0.08


def test_what_nobody_ever_saw_end_does_not_end() -> None:
    """All calls were cut at one second: what comes after is not made up."""
    _, records = raced("spiky", 400)
    cut = [_cut(record) for record in records]

    assert {fate.first for fate in told(cut)} == {NEVER}


def _cut(record: RequestEnded) -> RequestEnded:
    first = attrs.evolve(
        record.attempts[0], first_ms=None, outcome="client_gone", start_ms=0.0, end_ms=1_000.0
    )
    return attrs.evolve(record, attempts=(first,), ttft_ms=None, arm="none", hedged="no")


def failing(error: str, status: int | None) -> Any:
    """What a call does that failed so."""
    return Failing(0.08, error, status).script


def test_failures_come_back_as_they_were() -> None:
    """By name and status; a call that ran out of time is one that is never answered."""
    assert isinstance(failing("RateLimited", 429).error, RateLimited)
    assert failing("RateLimited", 429).error.status == 429
    assert failing("TimedOut", None) is script.SILENT
    assert (
        failing("NoSuchError", None) is script.SILENT
        or failing("NoSuchError", None).error is not None
    )


def test_a_call_in_place_of_a_failed_one_goes_as_the_one_that_stood_in_for_it() -> None:
    """The first fails after 80 ms, the next answers after half a second; a third, beside it, is the backup."""
    fate = Fate(0.5, 0.7, 0.1, Failing(0.08, "RateLimited", 429))
    visit = Again({0: fate}, 0.0, (), random.Random(1)).visit(Arrival(0, 0.0, UNKNOWN))

    first = visit.begin(TARGET)
    assert isinstance(first.error, RateLimited)
    visit.refused(first.error)

    assert visit.begin(TARGET) == script.good(0.5, 0.1)
    assert visit.begin(TARGET) == script.good(0.7, 0.1)


@pytest.mark.parametrize("risk", [0.0, 1.0])
def test_backups_fail_as_often_as_attempts_did(risk: float) -> None:
    """In the ways that were seen."""
    source = Again(
        {0: Fate(0.5, 0.7, 0.1, None)}, risk, (Failing(0.08, "RateLimited", 429),), random.Random(1)
    )
    visit = source.visit(Arrival(0, 0.0, UNKNOWN))
    visit.begin(TARGET)

    assert (visit.begin(TARGET).error is not None) == (risk == 1.0)


def test_the_share_of_failures_is_that_of_all_attempts() -> None:
    """One of two hundred and some."""
    _, records = raced("spiky", 200)
    broken = attrs.evolve(
        records[0].attempts[0], outcome="failed", error="UpstreamFailed", status=500
    )
    share, kinds = failures([attrs.evolve(records[0], attempts=(broken,)), *records[1:]])

    assert 0.0 < share < 0.01
    assert [kind.status for kind in kinds] == [500]
