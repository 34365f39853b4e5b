"""Whether what a request costs has grown: pure, from instructions counted to a sentence for each ratio."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Literal, TypeAlias

import attrs
import msgspec

from benchmarks.gate.costs import APART, BARE, TOGETHER

GROWN = 1.25
"""A ratio this many times the kept one fails. Runs differ by 2 or 3 %, under load too."""

SHRUNK = 0.90
"""From here down the kept one is out of date, and would let the cost grow back unnoticed."""

Judgement: TypeAlias = Literal["grown", "alike", "shrunk"]


class UnusableKept(Exception):
    """The kept figures cannot be read."""


@attrs.frozen
class Kept:
    """Ratios to compare with, by name, and with which versions they were measured."""

    ratios: Mapping[str, float]
    python: str = ""
    valgrind: str = ""

    @classmethod
    def read(cls, text: bytes) -> "Kept":
        """From the file's text.

        Raises:
            UnusableKept: it has another form.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise UnusableKept(str(error)) from error

    def text(self) -> bytes:
        """For the file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


@attrs.frozen
class Verdict:
    """A ratio beside the kept one; None: there is none."""

    name: str
    ratio: float
    kept: float | None

    @property
    def judgement(self) -> Judgement:
        """What is not kept cannot have stayed as it was: it counts as grown."""
        if self.kept is None or self.ratio >= GROWN * self.kept:
            return "grown"
        return "shrunk" if self.ratio <= SHRUNK * self.kept else "alike"

    @property
    def says(self) -> str:
        """For people."""
        begins = f"{self.name:<16} {self.ratio:7.3f} times a whole answer of the bare proxy"
        if self.kept is None:
            return f"{begins}; no figure is kept"
        return f"{begins}; kept {self.kept:.3f}, {100 * (self.ratio / self.kept - 1):+.1f} %"


def ratios(costs: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """From instructions a request (see `costs.measure`) to multiples of the bare proxy's whole answer.

    An event's cost is the difference between a stream of many words and one of a single word, by word: where
    each comes on its own (`APART`), and where all come at once (`TOGETHER`).
    """
    middle = {name: median(values) for name, values in costs.items()}
    bare = middle[BARE]
    return {
        "whole answer": middle["whole"] / bare,
        "event on its own": (middle["apart"] - middle["short"]) / (APART - 1) / bare,
        "event of many": (middle["together"] - middle["short"]) / (TOGETHER - 1) / bare,
    }


def compare(seen: Mapping[str, float], kept: Kept) -> Iterator[Verdict]:
    """Each ratio with the one that is kept."""
    for name, ratio in seen.items():
        yield Verdict(name, ratio, kept.ratios.get(name))
