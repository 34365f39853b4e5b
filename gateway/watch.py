"""Watching the experiments that run: each request is heard by a judge, and a verdict ends its experiment.

The requests are read from the journal, those of all workers and those from before a restart alike. Whatever the
verdict is, the candidate gets no more requests: a better one is applied by a person, a worse one is gone.
"""

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import attrs
import trio

from gateway.log import log
from gateway.trials import terms_of
from policies.sides import CANDIDATE, INCUMBENT
from policies.verdict import Facts, Judge, Verdict
from state.errors import StoreUnavailable
from state.experiment_records import ExperimentStarted, ExperimentStopped, ExperimentVerdict
from state.experiments import Experiments
from state.records import (
    ControlRecord,
    RequestEnded,
)
from state.since import Since
from state.store import Store

EVERY = 1.0
"""Seconds between looks at the journal."""

TOO_MANY = 429


def facts_of(record: RequestEnded) -> Facts | None:
    """What a judge hears of a request; None of one whose client left before there was anything to judge."""
    if record.client_gone and record.ttft_ms is None:
        return None
    side = next(each for each in ("candidate", "control", "incumbent") if each == record.side)
    return Facts(
        side=side,
        ttft=record.ttft_ms,
        total=record.duration_ms,
        failed=record.error is not None and not record.client_gone,
        limited=any(attempt.status == TOO_MANY for attempt in record.attempts),
        hedges=sum(attempt.role == "hedge" for attempt in record.attempts),
        tokens=record.completion_tokens,
        cost=float(record.nano_usd + record.tax_high),
        unit=record.unit,
    )


def quantile_ms(times: list[float], p: float) -> float | None:
    """The nearest-rank p-quantile; None of nothing."""
    if not times:
        return None
    return sorted(times)[max(0, math.ceil(p * len(times)) - 1)]


@attrs.define(eq=False)
class Watched:
    """One experiment, heard from its beginning on."""

    started: ExperimentStarted
    source: Since
    judge: Judge
    found: Verdict | None = None

    @classmethod
    def of(cls, started: ExperimentStarted, folder: Path) -> "Watched":
        """Nothing is read yet."""
        needle = b'"experiment":"%b","side":"' % started.experiment.encode()
        return cls(started, Since(folder, started.ts, needle), Judge(terms_of(started)))

    def hear(self, records: Iterable[RequestEnded]) -> Verdict | None:
        """One request after the other, until it is known what comes of it; what was found stays found."""
        if self.found is not None:
            return self.found
        for record in records:
            facts = facts_of(record)
            if facts is None:
                continue
            self.judge.hear(facts)
            self.found = self.judge.verdict()
            if self.found is not None:
                break
        return self.found

    def concluded(self, verdict: Verdict) -> list[ControlRecord]:
        """The records that end it."""
        sides, told = self.judge.sides, self.started
        late, all_late = self.judge.events("late")
        p99 = quantile_ms(sides[CANDIDATE].ttfts, 0.99)
        off = None
        if told.predicted_ms is not None and p99 is not None:
            off = p99 / told.predicted_ms[0] - 1.0
        ended = ExperimentVerdict(
            experiment=told.experiment,
            verdict=verdict.kind,
            why=verdict.why,
            requests=(sides[INCUMBENT].requests, sides[CANDIDATE].requests),
            exceedances=(all_late - late, late),
            evidence=self.judge.evidence,
            p99_ms=p99,
            off=off,
        )
        return [ended, ExperimentStopped(told.experiment, f"{verdict.kind}: {verdict.why}")]


async def watch(store: Store, folder: Path) -> None:
    """Watches for ever, in one process of a gateway."""
    watched: dict[tuple[str, int], Watched] = {}
    told: Experiments = store.indexes.experiments
    while True:
        running = {(each.experiment, each.ts): each for each in told.running}
        watched = {at: watched.get(at) or Watched.of(each, folder) for at, each in running.items()}
        for each in watched.values():
            await _look(each, store)
        await trio.sleep(EVERY)


async def _look(watched: Watched, store: Store) -> None:
    name = watched.started.experiment
    try:
        records = await trio.to_thread.run_sync(watched.source.poll)
    except OSError as problem:
        log.warning("experiment_unread", experiment=name, error=problem.strerror)
        return
    verdict = await trio.to_thread.run_sync(partial(watched.hear, records))
    if verdict is not None and store.indexes.experiments.stopped(name) is None:
        try:
            await store.commit(*watched.concluded(verdict))
        except StoreUnavailable:
            return  # the disk is full, say: it is told at the next look
        log.info("experiment_ended", experiment=name, verdict=verdict.kind, why=verdict.why)
