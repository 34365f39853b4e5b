"""`hedgerow tune plan`: how many requests an experiment would need, told from recorded traffic."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import attrs
import msgspec
import numpy as np
from cyclopts import Parameter

from benchmarks.tuner.advice import duration, percent, rule_words, span
from benchmarks.tuner.analysis import Answer, Question, analyse
from benchmarks.tuner.curves import at
from benchmarks.tuner.evidence import gather
from benchmarks.tuner.gate import plans_of
from benchmarks.tuner.kinds import Kind, kinds
from benchmarks.tuner.model import as_planned, fit, forecast
from benchmarks.tuner.plan import Planned, planned
from benchmarks.tuner.reading import read
from benchmarks.tuner.rules import Rule
from gateway.cli.project import Json
from gateway.cli.serve import ConfigFile, load
from policies.verdict import MAIN

NOTHING = 4


@attrs.frozen
class Plan:
    """An experiment with the tuner's policy: what it compares, and how long that takes.

    Rates are shares of requests that wait longer than `late` seconds, the p99 of the policy in force; `rate` is
    how many requests come a second.
    """

    model: str
    late: float
    incumbent: float
    candidate: float
    rule: Rule
    rate: float
    powers: tuple[Planned, ...]


def plan(
    *logs: Annotated[Path, Parameter(help="State folders, log folders or segments.")],
    budget: float = 0.05,
    share: Annotated[float, Parameter(help="How many requests the candidate gets.")] = 0.5,
    alpha: Annotated[float, Parameter(help="How often a verdict may be wrong.")] = 0.05,
    seed: int = 1,
    json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Say how many requests an experiment with the recommended policy would need."""
    if not (0.0 < share < 1.0 and 0.0 < alpha < 1.0 and 0.0 < budget <= 1.0):
        print("hedgerow: --share, --alpha and --budget lie between 0 and 1", file=sys.stderr)
        return 2
    recording = read(logs or (load(config).state.folder,))
    question = Question(budget=budget, resamples=100, seed=seed)
    found = [_plan(kind, question, share, MAIN * alpha) for kind in kinds(recording)]
    if not found:
        print("hedgerow: there is nothing to plan from", file=sys.stderr)
        return NOTHING
    if json:
        print(msgspec.json.encode(found, enc_hook=float).decode())
        return 0
    for each in found:
        print("\n".join(_lines(each, share, alpha)))
    return 0


def _plan(kind: Kind, question: Question, share: float, alpha: float) -> Plan:
    answer: Answer = analyse(kind.recording, question)
    evidence = gather(kind.recording.samples)
    model = fit(evidence, evidence.once())
    own = as_planned(model, *plans_of(kind.recording, evidence))
    late = float(own.quantile(question.k)[0])
    rule = (answer.chosen or answer.unhedged).rule
    now, then = (float(at(made.curves[0], late)) for made in (own, forecast(model, rule)))
    powers = planned(now, then, share, alpha, np.random.default_rng(question.seed))
    return Plan(kind.name, late, now, then, rule, answer.requests / max(answer.span, 1e-9), powers)


def _lines(found: Plan, share: float, alpha: float) -> Iterator[str]:
    yield f"{found.model}: candidate {rule_words(found.rule)}, {percent(share, 0)} of requests, alpha {alpha:g}"
    yield (
        f"  late is over {duration(found.late)}: {percent(found.incumbent, 2)} of requests now, "
        f"{percent(found.candidate, 2)} with the candidate"
    )
    if found.powers[0].requests is None:
        yield "  no experiment would find it better"
        return
    for each in found.powers:
        if each.requests is not None:
            lasting = span(each.requests / found.rate)
            power = percent(each.power, 0)
            yield f"  decided with {power}: {each.requests:,} requests, {lasting} at this rate"
