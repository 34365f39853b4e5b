"""What was found, in words that a person understands who has not read how it was found. Pure."""

import math
from collections.abc import Iterator

from benchmarks.tuner.analysis import Answer, Question
from benchmarks.tuner.rules import Rule
from benchmarks.tuner.search import Estimate


def duration(seconds: float) -> str:
    """`820 ms`, `1.9 s`, or that it is not known."""
    if not math.isfinite(seconds):
        return "unknown"
    return f"{1000 * seconds:.0f} ms" if seconds < 1.0 else f"{seconds:.2f} s"


def between(estimate: Estimate) -> str:
    """`1.82 s (95 % CI 1.77 s to 1.88 s)`."""
    bounds = f"{duration(estimate.low)} to {duration(estimate.high)}"
    return f"{duration(estimate.value)} (95 % CI {bounds})"


def percent(share: float, digits: int = 1) -> str:
    """`4.8 %`."""
    return f"{100 * share:.{digits}f} %"


def rule_words(rule: Rule) -> str:
    """The policy in a few words."""
    if rule.delay is None or rule.never:
        return "do not hedge"
    some = "" if rule.probability >= 0.995 else f", {percent(rule.probability, 0)} of requests"
    return f"after {duration(rule.delay)}{some}"


def recommendation(answer: Answer, question: Question) -> str:
    """One paragraph: what to do, what would come of it, and how sure that is."""
    name = f"p{100 * question.k:g}"
    said = " ".join(_sentences(answer, name))
    return said + "".join(f" {note}." for note in answer.notes)


def _sentences(answer: Answer, name: str) -> Iterator[str]:
    alone, chosen = answer.unhedged, answer.chosen
    if answer.trust.objections:
        yield "Not trusted, so nothing is recommended:"
        yield "; ".join(answer.trust.objections) + "."
        return
    if answer.doubts:
        yield "; ".join(answer.doubts) + "."
        return
    assert chosen is not None, "what is trusted and certain enough has an answer"
    if chosen.rule.never:
        yield f"Do not hedge: the {name} TTFT without hedging is {between(alone.goal)}, and no policy"
        yield "within the budget surely makes it 3 % shorter."
        return
    yield f"Hedge {rule_words(chosen.rule)}, with a budget of {percent(chosen.rule.budget)}: the {name} TTFT"
    yield f"would be {between(chosen.goal)} instead of {duration(alone.goal.value)}, at"
    yield f"+{percent(chosen.load.value)} requests; {percent(chosen.wins, 0)} of the hedges would answer first."
    if answer.cost:
        yield f"Each 1,000 requests cost up to {1000 * answer.cost * chosen.load.value:.3g} dollars more."
    if answer.knee.rule != chosen.rule and not answer.knee.rule.never:
        yield f"The frontier bends at {percent(answer.knee.rule.budget)}: {duration(answer.knee.goal.value)}."


def facts(answer: Answer) -> Iterator[str]:
    """What it rests on, a line each."""
    yield f"{answer.requests:,} requests over {span(answer.span)}, {answer.beyond:,.0f} calls beyond the goal"
    yield (
        f"a backup is {answer.dependence:.2f} times as likely slow where the first call was; "
        f"{percent(answer.shared, 0)} of the variance lies between times ({answer.regimes} regimes)"
    )
    for check in answer.trust.checks:
        mark = "✓" if check.holds else "✗"
        yield (
            f"{mark} {check.name:<7} of the policy that made the log: {check.seen:.4g} seen, {check.said:.4g} "
            f"by the model (factor {check.off.low:.3f} to {check.off.high:.3f})"
        )
    if math.isfinite(answer.score):
        times = f"{answer.score:.2f} times what was promised"
        yield f"chosen in one half of the blocks, in the other it does {times}"


def span(seconds: float) -> str:
    """`33 min`, `66.7 h`."""
    if seconds < 7200.0:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / 3600.0:.1f} h"
