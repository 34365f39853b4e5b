"""A log run again: under the policy that made it, to see whether that comes out as it was, and under others."""

import random
from collections.abc import Mapping, Sequence

import attrs
import msgspec
import numpy as np

from benchmarks.replay.course import Arrival, Course, Entry
from benchmarks.replay.draws import Again, failures, fates
from benchmarks.tuner.curves import Floats, Ints, counted, kaplan_meier, quantile
from benchmarks.tuner.evidence import Evidence, gather
from benchmarks.tuner.model import fit
from benchmarks.tuner.reading import Recording, collect
from benchmarks.tuner.search import Estimate, estimate
from policies.features import Features
from policies.settings import Policy
from policies.target import Route, Target
from state.records import PolicyInForce, RequestEnded

QUANTILES = (0.5, 0.95, 0.99)
RESAMPLES = 400
ROUNDING = 0.015
"""What the buckets of the estimate may shift a quantile by."""

LOAD_ROUNDING = 0.005
"""Extra calls a request by which two runs may differ and count as the same."""


@attrs.frozen(eq=False)
class Tape:
    """The requests of one route under one policy, in the order of their ends, and what they tell."""

    records: list[RequestEnded]
    policy: PolicyInForce
    recording: Recording


@attrs.frozen
class Outcome:
    """What a run came to: quantiles of the time to first token in seconds, extra calls and failed requests, a
    request each."""

    p50: Estimate
    p95: Estimate
    p99: Estimate
    extra: Estimate
    failed: float


@attrs.frozen(eq=False)
class Run:
    """One run's requests: when they were answered (not a number: never), and how many extra calls each took."""

    ttft: Floats
    extra: Floats
    slices: Ints


def tapes(records: Sequence[RequestEnded], policies: Mapping[str, PolicyInForce]) -> list[Tape]:
    """What of a log can be run again, by policy in force and route, the longest first."""
    by_policy: dict[str, list[RequestEnded]] = {}
    for record in records:
        if record.policy_id in policies:
            by_policy.setdefault(record.policy_id, []).append(record)
    made = [_tape(group, policies[name]) for name, group in by_policy.items()]
    return sorted(
        (tape for tape in made if tape.records), key=lambda tape: len(tape.records), reverse=True
    )


def _tape(records: list[RequestEnded], policy: PolicyInForce) -> Tape:
    ordered = sorted(records, key=lambda record: record.ts - record.duration_ms)
    fit_for = [record for record in ordered if len(collect([record]))]
    recording = collect(ordered)
    return Tape(fit_for, policy, attrs.evolve(recording, policies={policy.policy_id: policy}))


def pack(tape: Tape) -> tuple[bytes, bytes]:
    """A tape for another process: records do not pickle, their lines can be read anywhere."""
    return msgspec.json.encode(tape.records), msgspec.json.encode(tape.policy)


def unpack(packed: tuple[bytes, bytes]) -> Tape:
    """The tape that was packed."""
    records = msgspec.json.decode(packed[0], type=list[RequestEnded])
    return _tape(records, msgspec.json.decode(packed[1], type=PolicyInForce))


def policy_of(record: PolicyInForce) -> Policy:
    """The policy that a record tells of."""
    decoded = msgspec.json.decode(record.config, type=Policy)
    return attrs.evolve(decoded, name=record.policy)


def route_of(record: PolicyInForce) -> Route:
    """The route that it was in force for. Prices are not recorded: budgets count requests."""
    tiers = sorted({target.tier for target in record.targets})
    return tuple(
        tuple(
            Target(t.key, t.provider, t.domain, t.model, t.weight)
            for t in record.targets
            if t.tier == tier
        )
        for tier in tiers
    )


def again(tape: Tape, policy: Policy, seed: int, *, exploring: bool) -> Run:
    """Runs a tape under a policy, in virtual time. Exploration goes as recorded, or not at all."""
    samples, rng = tape.recording.samples, np.random.default_rng(seed)
    evidence = gather(samples)
    model = fit(evidence, evidence.once())
    made = fates(tape.records, samples, evidence, model, rng)
    risk, failing = failures(tape.records)
    source = Again(dict(enumerate(made)), risk, failing, random.Random(seed))
    entry = Entry(tape.policy.route, route_of(tape.policy), policy)
    arrivals = list(_arrivals(tape.records, exploring=exploring))
    course = Course(entry, arrivals, source.visit, random.Random(seed))
    return _run(course.run(), evidence, exploring=exploring)


def _arrivals(records: Sequence[RequestEnded], *, exploring: bool) -> "list[Arrival]":
    begun = [record.ts - record.duration_ms for record in records]
    return [
        Arrival(
            number,
            (at - begun[0]) / 1000.0,
            Features(
                prompt_tokens=record.prompt_estimate,
                output_tokens=record.output_estimate,
                coin=record.coin or 0.0,
                arm=record.arm if exploring else "none",
                audit=exploring and any(attempt.audit for attempt in record.attempts),
                affinity=record.affinity,
            ),
        )
        for number, (record, at) in enumerate(zip(records, begun, strict=True))
    ]


def _run(records: Sequence[RequestEnded], evidence: Evidence, *, exploring: bool) -> Run:
    usual = np.array([not exploring or record.arm == "none" for record in records])
    ttft = np.array([np.nan if r.ttft_ms is None else r.ttft_ms / 1000.0 for r in records])
    extra = np.array([sum(a.role == "hedge" for a in r.attempts) for r in records], dtype=float)
    return Run(ttft[usual], extra[usual], evidence.slice_of[usual])


def observed(tape: Tape) -> Run:
    """What the log itself tells of the requests that did not explore."""
    evidence = gather(tape.recording.samples)
    return _run(tape.records, evidence, exploring=True)


def outcome(runs: Sequence[Run], seed: int) -> Outcome:
    """All runs together, with bounds from resampled blocks."""
    once, many = _figures(runs, seed)
    p50, p95, p99, extra = (estimate(once[:, n], many[:, n]) for n in range(once.shape[1]))
    failed = float(np.mean(np.concatenate([np.isnan(run.ttft) for run in runs])))
    return Outcome(p50, p95, p99, extra, failed)


def same(tape: Tape, run: Run, seed: int) -> dict[str, Estimate]:
    """By what factor a run is off what was observed, for each figure; extra calls by how many a request."""
    seen_once, seen_many = _figures([observed(tape)], seed)
    once, many = _figures([run], seed)
    names = [f"p{100 * p:g}" for p in QUANTILES]
    off = {
        name: estimate(once[:, n] / seen_once[:, n], many[:, n] / seen_many[:, n])
        for n, name in enumerate(names)
    }
    extra = estimate(once[:, -1] - seen_once[:, -1], many[:, -1] - seen_many[:, -1])
    return {**off, "hedges": extra}


def holds(name: str, off: Estimate) -> bool:
    """Whether a run may be the same as what was observed."""
    if name == "hedges":
        return off.low <= 0.0 <= off.high or abs(off.value) <= LOAD_ROUNDING
    return off.low / (1.0 + ROUNDING) <= 1.0 <= off.high * (1.0 + ROUNDING)


def _figures(runs: Sequence[Run], seed: int) -> tuple[Floats, Floats]:
    """Quantiles and extra calls: of all runs, and of each resample of their blocks; the same blocks for the
    same seed, so that two runs of one tape can be compared."""
    slices = 1 + max(int(run.slices.max()) for run in runs)
    block = np.arange(slices) * min(40, slices) // slices
    blocks = int(block[-1]) + 1
    drawn = np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / blocks), RESAMPLES)
    weights = np.concatenate([np.ones((1, slices)), drawn[:, block].astype(float)])
    answered = sum(
        counted(run.ttft[~np.isnan(run.ttft)], run.slices[~np.isnan(run.ttft)], slices)
        for run in runs
    )
    extra = sum(np.bincount(run.slices, weights=run.extra, minlength=slices) for run in runs)
    count = sum(np.bincount(run.slices, minlength=slices) for run in runs)
    summed = weights @ answered
    curves = kaplan_meier(summed, np.zeros_like(summed))
    columns = [quantile(curves, p) for p in QUANTILES] + [(weights @ extra) / (weights @ count)]
    table = np.stack(columns, axis=1)
    return table[:1], table[1:]
