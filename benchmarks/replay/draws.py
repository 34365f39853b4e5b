"""How the calls of recorded requests go when they are sent again: as they went, where that is known.

What was seen is repeated to the millisecond. A call that was cut is drawn from those that took at least as
long in times that were as fast; one that was never made is drawn from its regime, slow as often as backups
are where the first call was slow. Failures are a risk of their own: they come as often, and as soon, as
they came.
"""

import random
from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from benchmarks.replay.course import Arrival
from benchmarks.tail import script
from benchmarks.tail.call import ScriptedCall
from benchmarks.tail.script import Script
from benchmarks.tuner.curves import STEP, Flags, Floats, at
from benchmarks.tuner.evidence import FAR_SHARE, RANKS, Evidence
from benchmarks.tuner.model import Model
from benchmarks.tuner.samples import Samples
from policies.survival import FLOOR
from policies.target import Target
from providers import errors
from providers.errors import ProviderError, UpstreamFailed
from state.records import AttemptEnded, RequestEnded

NEVER = 1e6
"""Seconds that stand for longer than anybody waits."""


@attrs.frozen
class Failing:
    """An attempt that failed: after so many seconds, with this error's name and status."""

    after: float
    error: str
    status: int | None

    @property
    def script(self) -> Script:
        """The call that goes so."""
        kind = getattr(errors, self.error, UpstreamFailed)
        if (
            not (isinstance(kind, type) and issubclass(kind, ProviderError))
            or kind is errors.TimedOut
        ):
            return script.SILENT
        return script.refused(self.after, kind("As it was recorded", status=self.status))


@attrs.frozen(eq=False)
class Fate:
    """What chance holds for one request: seconds to the first tokens of its first call and of its backup.

    `rest` is how long the answer takes from there. `failed` is how its first call failed, if it did: then
    `first` is the time of the call that stood in for it.
    """

    first: float
    backup: float
    rest: float
    failed: Failing | None


def fates(
    records: Sequence[RequestEnded],
    samples: Samples,
    evidence: Evidence,
    model: Model,
    rng: np.random.Generator,
) -> list[Fate]:
    """The fate of each record; `samples` are theirs, in the same order."""
    regime = evidence.regime[evidence.slice_of]
    first, backup = np.empty(len(samples)), np.empty(len(samples))
    for each, curve in enumerate(model.curves[0]):
        rows = np.flatnonzero(regime == each)
        first[rows] = _completed(curve, samples.first[rows], samples.seen[rows], rng)
        slow = first[rows] > evidence.tails[each]
        drawn = _inverse(curve, _shares(model.dependence[0], slow, rng))
        raced = samples.raced[rows]
        known = _completed(
            curve, np.nan_to_num(samples.second[rows]), samples.second_seen[rows], rng
        )
        backup[rows] = np.where(raced, known, drawn)
    pairs = zip(records, first.tolist(), backup.tolist(), strict=True)
    return [_fate(record, *times) for record, *times in pairs]


def _completed(curve: Floats, watched: Floats, seen: Flags, rng: np.random.Generator) -> Floats:
    """Times as seen, and for those that were cut one that is longer."""
    left = at(curve, watched) * rng.random(len(watched))
    return np.where(seen, watched, np.maximum(watched, _inverse(curve, left)))


def _inverse(curve: Floats, shares: Floats) -> Floats:
    """The time that a share of calls exceeds."""
    falling = curve[::-1]
    place = np.interp(shares, falling, np.arange(len(curve) - 1, -1, -1.0))
    return np.where(shares < curve[-1], NEVER, FLOOR * np.exp(STEP * place))


def _shares(dependence: Floats, slow: Flags, rng: np.random.Generator) -> Floats:
    """For each backup the share of calls that are slower still.

    Where the first call was slow it follows the measured dependence; for all others what is left of it, so
    that over all requests backups are as any call.
    """
    alone = 1.0 - np.arange(RANKS + 1) / RANKS
    others = np.clip((alone - FAR_SHARE * dependence) / (1.0 - FAR_SHARE), 0.0, 1.0)
    others = np.minimum.accumulate(others)
    thrown = rng.random(len(slow))
    inverse = [np.interp(thrown, curve[::-1], alone[::-1]) for curve in (dependence, others)]
    return np.where(slow, *inverse)


def _fate(record: RequestEnded, first: float, backup: float) -> Fate:
    told, attempt = record.ttft_ms, record.attempts[0]
    rest = 0.05 if told is None else max(0.0, record.duration_ms - told) / 1000.0
    if attempt.outcome not in ("failed", "timeout"):
        return Fate(first, backup, rest, None)
    after = (attempt.end_ms - attempt.start_ms) / 1000.0
    return Fate(max(0.001, first - after), backup, rest, _failing(attempt))


def _failing(attempt: AttemptEnded) -> Failing:
    after = max(0.001, (attempt.end_ms - attempt.start_ms) / 1000.0)
    return Failing(after, attempt.error or "", attempt.status)


def failures(records: Sequence[RequestEnded]) -> tuple[float, list[Failing]]:
    """The share of all attempts that failed, and how."""
    attempts = [attempt for record in records for attempt in record.attempts]
    failed = [_failing(attempt) for attempt in attempts if attempt.outcome == "failed"]
    return len(failed) / max(1, len(attempts)), failed


@attrs.define(eq=False)
class Again:
    """Opens the calls of requests that were recorded. `risk` is the share of backups that fail, in ways of
    `failing`."""

    fates: Mapping[int, Fate]
    risk: float
    failing: Sequence[Failing]
    rng: random.Random

    def visit(self, arrival: Arrival) -> "Revisit":
        """A request's own view of the upstreams."""
        return Revisit(self, self.fates[arrival.number])


@attrs.define(eq=False)
class Revisit:
    """One request among the upstreams, once more."""

    again: Again
    fate: Fate
    _calls: int = 0
    _failed: int = 0

    def __call__(self, target: Target) -> ScriptedCall:
        """A call to the target, which begins when it is entered."""
        return ScriptedCall(self, target)

    def begin(self, _target: Target) -> Script:
        """The first call goes as it went; one in place of a failed one, or beside a silent one, as drawn."""
        fate, again = self.fate, self.again
        self._calls += 1
        if self._calls == 1:
            return fate.failed.script if fate.failed else script.good(fate.first, fate.rest)
        if self._failed:
            self._failed -= 1
            return script.good(fate.first if fate.failed else fate.backup, fate.rest)
        if again.failing and again.rng.random() < again.risk:
            return again.rng.choice(again.failing).script
        return script.good(fate.backup, fate.rest)

    def accepted(self, _target: Target) -> None:
        """Nothing follows from it."""

    def refused(self, _error: ProviderError) -> None:
        """The next call stands in for this one."""
        self._failed += 1

    def close(self) -> None:
        """Nothing is counted."""
