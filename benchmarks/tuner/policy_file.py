"""The file that `policy = "learned"` loads, written so that a person can read where it comes from."""

from collections.abc import Iterator, Sequence

import attrs

from benchmarks.tuner.advice import between, percent
from benchmarks.tuner.analysis import Answer


@attrs.frozen
class Found:
    """What was found for one kind of calls: an upstream's model, one size of prompt or all (None)."""

    model: str
    size: str | None
    answer: Answer


def policy_file(found: Sequence[Found], provenance: Sequence[str]) -> str:
    """The file's text; `provenance` is a line each. Kinds of which nothing is recommended are not in it."""
    lines = [f"# {line}" for line in provenance]
    lines += ["", "version = 1", ""]
    for each in found:
        lines += [*_rule(each), ""]
    return "\n".join(lines)


def _rule(found: Found) -> Iterator[str]:
    chosen = found.answer.chosen
    if chosen is None:
        return
    rule = chosen.rule
    yield f"# {found.answer.requests:,} requests; {between(chosen.goal)} at +{percent(chosen.load.value)}"
    yield "[[rules]]"
    yield f"model = {_text(found.model)}"
    if found.size is not None:
        yield f"size = {_text(found.size)}"
    if rule.delay is None or rule.never:
        yield 'delay = "off"'
        return
    yield f'delay = "{1000 * rule.delay:.0f}ms"'
    yield f"probability = {rule.probability:.3f}"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
