"""Runs made by hand, and command lines with everything else as usual."""

import random
from array import array
from collections.abc import Sequence
from typing import Any

import attrs

from benchmarks.load.options import (
    AskingOptions,
    FileOptions,
    JudgedOptions,
    Options,
    TrafficOptions,
)
from benchmarks.load.outcome import Outcome
from benchmarks.load.schedule import Planned
from benchmarks.load.summary import Run

URL = "http://127.0.0.1:1/v1"


def outcome(index: int = 0, **changed: Any) -> Outcome:
    """A good one: due each second, 100 ms to the first of five tokens, 10 ms from one to the next."""
    due, counted = changed.pop("due", float(index)), changed.pop("counted", True)
    usual = Outcome(
        index=index,
        planned=Planned(due, 100, 50, counted),
        late=0.0001,
        ttft=0.1,
        e2el=0.15,
        itl=array("d", [0.01] * 4),
        status=200,
        error=None,
        message=None,
        input_tokens=100,
        output_tokens=5,
        usage=True,
        request_id=f"req_{index}",
    )
    return attrs.evolve(usual, **changed)


def failed(index: int = 0, error: str = "status 500", **changed: Any) -> Outcome:
    """One without an answer."""
    nothing = {"ttft": None, "itl": array("d"), "output_tokens": 0, "usage": False, "status": 500}
    return outcome(index, error=error, **{**nothing, **changed})


def run_of(outcomes: Sequence[Outcome], **changed: Any) -> Run:
    """A streamed run of these."""
    return Run(**{"outcomes": tuple(outcomes), "stream": True, **changed})


def some(n: int = 300) -> Run:
    """So many with chance in them, 20 a second."""
    rng = random.Random(7)
    times = [rng.lognormvariate(-2.0, 0.5) for _ in range(n)]
    return run_of([outcome(i, due=i / 20, ttft=t, e2el=t + 0.05) for i, t in enumerate(times)])


def options(url: str = URL, **changed: Any) -> Options:
    """A command line with some options given, whichever group they are of."""
    groups = {"traffic": TrafficOptions, "judged": JudgedOptions, "files": FileOptions}
    kinds: dict[str, Any] = {**groups, "asking": AskingOptions}
    given: dict[str, dict[str, Any]] = {name: {} for name in kinds}
    for option, value in {"model": "gpt-4o-mini", **changed}.items():
        (owner,) = (n for n, kind in kinds.items() if option in attrs.fields_dict(kind))
        given[owner][option] = value
    return Options(url, **{name: kind(**given[name]) for name, kind in kinds.items()})
