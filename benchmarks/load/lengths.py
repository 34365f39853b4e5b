"""How long prompts and answers are: a number, a range, a law, or as in a file."""

import math
import random
import re
from pathlib import Path
from typing import Literal, Protocol

import attrs

from benchmarks.load.traces import LONGEST, Row, read_trace

_NUMBER = r"(\d+)"
_RANGE = re.compile(rf"{_NUMBER}(?:-{_NUMBER})?", re.ASCII)
_LOGNORMAL = re.compile(rf"lognormal:{_NUMBER}:(\d+(?:\.\d+)?)", re.ASCII)

Side = Literal["input", "output"]


class Law(Protocol):
    """Whatever lengths are drawn from, in tokens, at least 1."""

    def draw(self, rng: random.Random, place: float) -> int:
        """The next one. `place`, from 0 to 1, is where a file is looked at, the same for both sides."""


@attrs.frozen
class Between:
    """Evenly from `low` to `high`, both included."""

    low: int
    high: int

    def draw(self, rng: random.Random, place: float) -> int:  # noqa: ARG002
        return rng.randint(self.low, self.high)


@attrs.frozen
class Lognormal:
    """exp(N(ln median, sigma²)), rounded, from 1 to `LONGEST`."""

    median: int
    sigma: float

    def draw(self, rng: random.Random, place: float) -> int:  # noqa: ARG002
        return min(LONGEST, max(1, round(rng.lognormvariate(math.log(self.median), self.sigma))))


@attrs.frozen
class Table:
    """Any of those recorded. A file's prompt and answer are drawn together: long ones may belong so."""

    lengths: tuple[int, ...] = attrs.field(repr=False)

    def draw(self, rng: random.Random, place: float) -> int:  # noqa: ARG002
        return self.lengths[min(len(self.lengths) - 1, int(place * len(self.lengths)))]


def read_lengths(text: str, side: Side) -> Law:
    """The law that `120`, `100-200`, `lognormal:200:1.0` or a trace's file name stands for.

    Raises:
        ValueError: it is none of them; OSError: the file cannot be read.
    """
    if match := _RANGE.fullmatch(text):
        low, high = int(match[1]), int(match[2] or match[1])
        if not 1 <= low <= high <= LONGEST:
            raise ValueError(f"{text} is no range of tokens: from 1 up, the smaller number first")
        return Between(low, high)
    if match := _LOGNORMAL.fullmatch(text):
        if not 1 <= int(match[1]) <= LONGEST or float(match[2]) > 10:
            raise ValueError(f"{text}: the median is 1 token or more, sigma from 0 to 10")
        return Lognormal(int(match[1]), float(match[2]))
    if Path(text).is_file():
        return _table(Path(text), side)
    raise ValueError(
        f"expected tokens as 120, 100-200, lognormal:MEDIAN:SIGMA or a file, found {text!r}"
    )


def _table(path: Path, side: Side) -> Table:
    lengths = tuple(_of(row, side) for row in read_trace(path).rows)
    known = [length for length in lengths if length is not None]
    if not known:
        raise ValueError(f"{path} has no {side} tokens")
    typical = sorted(known)[len(known) // 2]
    return Table(tuple(length or typical for length in lengths))


def _of(row: Row, side: Side) -> int | None:
    return row.input_tokens if side == "input" else row.output_tokens
