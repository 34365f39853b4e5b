"""Objectives as they are typed, and whether they were met: `ttft p95 < 800ms`, `errors < 1%`."""

import math
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, Literal, get_args

import attrs

from benchmarks.load.summary import Limit, Metric, Run, Summary, latencies
from benchmarks.stats import quantile
from gateway.quantities import parse_duration, parse_share

LATENCIES: tuple[Metric, ...] = get_args(Metric)
METRICS = (*LATENCIES, "errors", "goodput")
STATISTICS = ("avg", "min", "max", "pNN")

_FORM = re.compile(r"\s*([A-Za-z]\w*)\s*([A-Za-z][\w.]*)?\s*(<=|>=|<|>)\s*(\S.*?)\s*")
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)", re.ASCII)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*s", re.ASCII)

Unit = Literal["seconds", "share", "a second"]


class BadSlo(ValueError):
    """What was typed is no objective; the message says what one looks like."""


@attrs.frozen
class Slo:
    """An objective. `bound` is in seconds, a share from 0 to 1, or requests a second, as `unit` says."""

    text: str
    metric: str
    statistic: str
    strict: bool
    bound: float
    unit: Unit

    @property
    def limit(self) -> Limit | None:
        """What it comes to for a single request, where it is about one."""
        metric = next((each for each in LATENCIES if each == self.metric), None)
        return None if metric in (None, "itl") else Limit(metric, self.bound)

    def met(self, value: float) -> bool:
        """Whether a value meets it. What could not be measured meets nothing."""
        if math.isnan(value):
            return False
        if self.metric == "goodput":
            return value > self.bound if self.strict else value >= self.bound
        return value < self.bound if self.strict else value <= self.bound


@attrs.frozen
class Verdict:
    """An objective, what was measured, and whether that is enough."""

    slo: Slo
    value: float
    met: bool

    def __str__(self) -> str:
        return f"{'✓' if self.met else '✗'} {self.slo.text}: {_said(self.value, self.slo.unit)}"


def read_slo(text: str) -> Slo:
    """The objective that a text is.

    Raises:
        BadSlo: it is none.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadSlo(f"{text!r} is no objective; write one as 'ttft p95 < 800ms' or 'errors < 1%'")
    metric, statistic, sign, bound = match[1].lower(), (match[2] or "").lower(), match[3], match[4]
    _check_metric(text, metric)
    upper = metric != "goodput"
    if sign.startswith(">") == upper:
        wanted = "<" if upper else ">"
        raise BadSlo(f"{text!r}: {metric} wants {'little' if upper else 'much'}: use {wanted}")
    _check_statistic(text, metric, statistic)
    number, unit = _bound(text, metric, bound)
    shown = " ".join(text.split())
    return Slo(shown, metric, statistic, "=" not in sign, number, unit)


def read_limit(text: str) -> Limit:
    """What a good request keeps: `ttft < 800ms`, of ttft, tpot or e2el.

    Raises:
        BadSlo: it is no such thing.
    """
    name, sign, bound = text.partition("<")
    metric = next((each for each in LATENCIES if each == name.strip().lower()), None)
    if metric in (None, "itl") or not sign:
        raise BadSlo(
            f"{text!r} is no limit for a request; write 'ttft < 800ms', of ttft, tpot or e2el"
        )
    return Limit(metric, _read(text, parse_duration, bound.removeprefix("=").strip()))


def judge(slos: Sequence[Slo], run: Run, summary: Summary) -> list[Verdict]:
    """Whether each was met."""
    values = [(slo, _value(slo, run, summary)) for slo in slos]
    return [Verdict(slo, value, slo.met(value)) for slo, value in values]


def _value(slo: Slo, run: Run, summary: Summary) -> float:
    if slo.metric == "errors":
        return summary.error_share
    if slo.metric == "goodput":
        return summary.good_share if slo.unit == "share" else summary.goodput
    metric = next(each for each in LATENCIES if each == slo.metric)
    if slo.statistic in ("avg", "min", "max"):
        value: float = getattr(summary.latencies[metric], slo.statistic)
        return value
    return quantile(latencies(run, metric), float(slo.statistic[1:]) / 100.0)


def _check_metric(text: str, metric: str) -> None:
    if metric not in METRICS:
        near = get_close_matches(metric, METRICS, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadSlo(f"{text!r}: no metric {metric}; {hint}There are {', '.join(METRICS)}")


def _check_statistic(text: str, metric: str, statistic: str) -> None:
    if metric not in LATENCIES:
        if statistic:
            raise BadSlo(f"{text!r}: {metric} is one number, without {statistic}")
        return
    known = statistic in STATISTICS[:3] or _PERCENTILE.fullmatch(statistic)
    if not known or statistic == "p0":
        found = f"no statistic {statistic}" if statistic else "which statistic"
        raise BadSlo(f"{text!r}: {found}? There are {', '.join(STATISTICS)}, as in '{metric} p95'")


def _bound(text: str, metric: str, bound: str) -> tuple[float, Unit]:
    if metric in LATENCIES:
        return _read(text, parse_duration, bound), "seconds"
    rate = _RATE.fullmatch(bound)
    if rate is not None and metric == "goodput":
        return float(rate[1]), "a second"
    share = bound if bound.endswith("%") else _number(bound)
    return _read(text, parse_share, share), "share"


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _read(text: str, reader: Callable[[Any], float], bound: Any) -> float:
    try:
        return reader(bound)
    except ValueError as error:
        raise BadSlo(f"{text!r}: {error}") from None


def _said(value: float, unit: Unit) -> str:
    if math.isnan(value):
        return "nothing was measured"
    if unit == "seconds":
        return f"{1000.0 * value:.4g} ms" if value < 1.0 else f"{value:.4g} s"
    return f"{value:.2%}" if unit == "share" else f"{value:.4g}/s"
