"""What a run came to. All times are seconds.

Quantiles are of the nearest rank. A request that was given up after `--timeout` counts with the time it was
waited for, which is less than it would have taken: leaving it out would make a server that hangs look quick.
Other failures have no latency; they are counted as errors.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeAlias

import attrs

from benchmarks.load.outcome import Outcome
from benchmarks.stats import quantile

Metric: TypeAlias = Literal["ttft", "itl", "tpot", "e2el"]
STREAMED: tuple[Metric, ...] = ("ttft", "itl", "tpot", "e2el")
WHOLE: tuple[Metric, ...] = ("e2el",)


@attrs.frozen
class Spread:
    """A sample's usual figures; `std` is of the population. NaN where it is empty."""

    n: int
    avg: float
    min: float
    max: float
    p99: float
    p90: float
    p50: float
    std: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Those of these."""
        n, ordered = len(values), sorted(values)
        if not ordered:
            return cls(0, *[math.nan] * 7)
        mean = math.fsum(ordered) / n
        std = math.sqrt(math.fsum((value - mean) ** 2 for value in ordered) / n)
        p99, p90, p50 = (quantile(ordered, p) for p in (0.99, 0.9, 0.5))
        return cls(n, mean, ordered[0], ordered[-1], p99, p90, p50, std)


@attrs.frozen
class Limit:
    """What a single request must not exceed to be a good one, in seconds."""

    metric: Metric
    most: float

    def kept(self, outcome: Outcome) -> bool:
        """Whether this one did not."""
        value = {"ttft": outcome.ttft, "tpot": outcome.tpot, "e2el": outcome.e2el}[self.metric]
        return self.metric == "tpot" if value is None else value <= self.most


@attrs.frozen
class Run:
    """All outcomes in the order in which they were due, those of the warm-up as well.

    `unfinished` is how many requests had no outcome yet when the run was interrupted, or were not sent.
    """

    outcomes: tuple[Outcome, ...] = attrs.field(repr=False)
    stream: bool
    unfinished: int = 0

    @property
    def counted(self) -> list[Outcome]:
        """Those after the warm-up."""
        return [outcome for outcome in self.outcomes if outcome.planned.counted]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those that there are: a whole answer has no first token."""
        return STREAMED if self.stream else WHOLE


@attrs.frozen
class Summary:
    """The figures of the counted requests.

    `seconds` is from when the first was due to the end of the last; `offered` requests a second were due
    in the time from the first to the last of them, `achieved` is how many were answered a second, by
    `seconds`, as are tokens and good requests. `late` is the generator's own lateness.
    """

    requests: int
    answered: int
    unfinished: int
    errors: dict[str, int]
    messages: dict[str, str]
    """What the server said of the first of each kind."""
    latencies: dict[str, Spread]
    seconds: float
    offered: float
    achieved: float
    input_tokens: int
    output_tokens: int
    tokens_per_second: float
    unsaid: int
    """Answers whose tokens the server did not count: events with tokens stand for them."""
    good: int | None
    """Requests that kept every limit; None if there was none."""
    late: Spread

    @property
    def error_share(self) -> float:
        """Of all counted requests, those without an answer."""
        failed = self.requests - self.answered
        return failed / self.requests if self.requests else math.nan

    @property
    def good_share(self) -> float:
        """Of all counted requests, those that kept every limit."""
        return self.good / self.requests if self.requests and self.good is not None else math.nan

    @property
    def goodput(self) -> float:
        """Good requests a second."""
        return self.good / self.seconds if self.seconds and self.good is not None else math.nan


def summarize(run: Run, limits: Sequence[Limit]) -> Summary:
    """The figures of a run; good is who keeps all of these limits."""
    counted = run.counted
    answered = [outcome for outcome in counted if outcome.answered]
    seconds = _seconds(counted)
    tokens = sum(outcome.output_tokens for outcome in answered)
    good = sum(all(limit.kept(outcome) for limit in limits) for outcome in answered)
    failed = [(outcome.error, outcome.message) for outcome in counted if outcome.error is not None]
    return Summary(
        requests=len(counted),
        answered=len(answered),
        unfinished=run.unfinished,
        errors=dict(Counter(kind for kind, _ in failed).most_common()),
        messages={kind: said for kind, said in reversed(failed) if said is not None},
        latencies={metric: Spread.of(latencies(run, metric)) for metric in run.metrics},
        seconds=seconds,
        offered=_offered(counted),
        achieved=_a_second(len(answered), seconds),
        input_tokens=sum(outcome.input_tokens or 0 for outcome in answered),
        output_tokens=tokens,
        tokens_per_second=_a_second(tokens, seconds),
        unsaid=sum(not outcome.usage for outcome in answered),
        good=good if limits else None,
        late=Spread.of([outcome.late for outcome in counted]),
    )


def latencies(run: Run, metric: Metric) -> list[float]:
    """All of a metric's values, in the order in which their requests were due."""
    timed = [outcome for outcome in run.counted if outcome.answered or outcome.waited_out]
    if metric == "itl":
        return [gap for outcome in timed for gap in outcome.itl]
    if metric == "tpot":
        return [
            tpot for outcome in timed if outcome.answered and (tpot := outcome.tpot) is not None
        ]
    if metric == "e2el":
        return [outcome.e2el for outcome in timed]
    return [outcome.e2el if outcome.ttft is None else outcome.ttft for outcome in timed]


def _seconds(counted: Sequence[Outcome]) -> float:
    if not counted:
        return math.nan
    first = min(outcome.planned.due for outcome in counted)
    return max(outcome.planned.due + outcome.e2el for outcome in counted) - first


def _offered(counted: Sequence[Outcome]) -> float:
    """By the times when requests were due: of n requests there are n - 1 gaps."""
    if len(counted) < 2:
        return math.nan
    return _a_second(len(counted) - 1, counted[-1].planned.due - counted[0].planned.due)


def _a_second(count: int, seconds: float) -> float:
    return count / seconds if seconds > 0 else math.nan
