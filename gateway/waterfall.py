"""One request's race, retold in a terminal: a bar an attempt over time, and the reasons beside it. Pure.

The time axis is linear and ends a little after the answer began: what comes later is cut with `…`, so that a
long answer does not press the race into one column. Names are made harmless: they may be anybody's.
"""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import TypeAlias

import attrs
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from gateway.race_words import clean, details, milliseconds, result, started, title
from state.records import AttemptEnded, Outcome, RequestEnded, Skipped

NARROWEST = 60
LABEL_SHARE = 0.42
"""Of the width: the most that the names of an attempt take."""

AFTER_COMMIT = 1.25
TICK_CELLS = 12
"""Columns between two ticks of the axis, at least."""

STYLES: Mapping[Outcome, str] = {
    "won": "green",
    "lost": "yellow",
    "failed": "red",
    "timeout": "red",
    "client_gone": "magenta",
}
ENDS: Mapping[Outcome, str] = {
    "won": "┤",
    "lost": "✕",
    "client_gone": "✕",
    "failed": "!",
    "timeout": "!",
}
LEGEND = (
    ("┼", "accepted"),
    ("●", "first token"),
    ("✕", "cancelled"),
    ("!", "failed"),
    ("┤", "end"),
    ("…", "goes on"),
)

HARD = "\u00a0"
"""A space that no line is broken at."""

Moment: TypeAlias = AttemptEnded | Skipped


@attrs.frozen
class Waterfall:
    """What `rich` prints of a race, as wide as the terminal and at least 60 columns."""

    record: RequestEnded

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from lines(self.record, options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(NARROWEST, max(NARROWEST, options.max_width))


def plain(record: RequestEnded, width: int = 80) -> str:
    """The same without colour, for pipes and files."""
    return "\n".join(line.plain.rstrip() for line in lines(record, width))


def lines(record: RequestEnded, width: int) -> list[Text]:
    """The whole story, a text a line, none wider than the width or 60."""
    width = max(width, NARROWEST)
    picture = _Picture.of(record, width)
    parts = [
        [
            _line(line, "bold" if at == 0 else "")
            for at, line in enumerate(_fold(title(record), width))
        ],
        [*picture.rows(record), *picture.legend(record)],
        [
            _line(line, STYLES[attempt.outcome] if at == 0 else "")
            for attempt in record.attempts
            for at, line in enumerate(_fold(details(attempt), width))
        ],
        [_line(line, "bold") for line in _fold(result(record), width)],
    ]
    told = [[*part, Text()] for part in parts if part]
    return [line for part in told for line in part][:-1]


@attrs.frozen
class _Picture:
    """Where things stand: columns of a key's name, of all names, of a bar; milliseconds at its end."""

    key: int
    label: int
    bar: int
    width: int
    horizon: float

    @classmethod
    def of(cls, record: RequestEnded, width: int) -> "_Picture":
        key = max((cell_len(clean(attempt.key)) for attempt in record.attempts), default=0)
        longest = max((cell_len(_label(attempt, key)) for attempt in record.attempts), default=0)
        label = min(longest, int(width * LABEL_SHARE))
        outcome = max((len(_outcome(attempt)) for attempt in record.attempts), default=0)
        return cls(key, label, width - label - outcome - 3, width, _horizon(record))

    def rows(self, record: RequestEnded) -> Iterator[Text]:
        """Attempts, and hedges that were refused, in the order of time; then the axis."""
        if not record.attempts:
            yield Text("No upstream was called.")
            return
        moments: list[Moment] = [*record.attempts, *record.skips]
        for moment in sorted(moments, key=_when):
            why = started(moment, record)
            if why is not None:
                yield _line(_cut(f"{milliseconds(_when(moment))} {why}", self.width), "cyan")
            if isinstance(moment, AttemptEnded):
                yield self._row(moment)
        yield _line(" " * (self.label + 1) + self._axis(), "dim")

    def legend(self, record: RequestEnded) -> Iterator[Text]:
        """What the marks mean that are there."""
        drawn = "".join(self.draw(attempt) for attempt in record.attempts)
        known = [f"{mark} {word}".replace(" ", HARD) for mark, word in LEGEND if mark in drawn]
        indent = " " * (self.label + 1)
        for line in wrap(
            "  ".join(known), self.width, initial_indent=indent, subsequent_indent=indent
        ):
            yield _line(line.replace(HARD, " "), "dim")

    def draw(self, attempt: AttemptEnded) -> str:
        """An attempt's bar."""
        start = self._at(attempt.start_ms)
        end = max(start, self._at(attempt.end_ms))
        cells = [" "] * start + ["─"] * (end - start + 1) + [" "] * (self.bar - end - 1)
        if attempt.first_ms is not None:
            first = self._at(attempt.first_ms)
            cells[first : end + 1] = ["━"] * (end + 1 - first)
        cells[start] = "├"
        if attempt.headers_ms is not None:
            cells[self._at(attempt.headers_ms)] = "┼"
        cells[end] = "…" if attempt.end_ms > self.horizon else ENDS[attempt.outcome]
        if attempt.first_ms is not None and attempt.first_ms <= self.horizon:
            cells[self._at(attempt.first_ms)] = "●"
        return "".join(cells)

    def _row(self, attempt: AttemptEnded) -> Text:
        label, style = _cut(_label(attempt, self.key), self.label), STYLES[attempt.outcome]
        row = Text(set_cell_size(label, self.label + 1), no_wrap=True)
        return row.append(self.draw(attempt), style).append(f"  {_outcome(attempt)}", style)

    def _axis(self) -> str:
        step, axis = _step(self.horizon, max(1, self.bar // TICK_CELLS)), ""
        for tick in range(int(self.horizon / step) + 1):
            label = milliseconds(tick * step) if tick else "0"
            place = self._at(tick * step)
            if place + len(label) <= self.bar:
                axis = axis.ljust(place) + label
        return axis

    def _at(self, ms: float) -> int:
        """The column of a moment."""
        return round(min(max(ms / self.horizon, 0.0), 1.0) * (self.bar - 1))


def _horizon(record: RequestEnded) -> float:
    """The end of the axis in milliseconds: the race is over, and the last of its first tokens came."""
    moments = [attempt.start_ms for attempt in record.attempts]
    moments += [skip.at_ms for skip in record.skips]
    moments += [attempt.first_ms or 0.0 for attempt in record.attempts]
    if record.ttft_ms is None:
        moments += [attempt.end_ms for attempt in record.attempts]
    return max(1.0, AFTER_COMMIT * (record.ttft_ms or 0.0), *moments)


def _step(horizon: float, most: int) -> float:
    """A round number of milliseconds that fits into the horizon at most so often."""
    step = 1.0
    while True:
        for round_number in (step, 2 * step, 5 * step):
            if horizon / round_number <= most:
                return round_number
        step *= 10


def _when(moment: Moment) -> float:
    return moment.at_ms if isinstance(moment, Skipped) else moment.start_ms


def _label(attempt: AttemptEnded, key: int) -> str:
    return f"{attempt.role:8} {set_cell_size(clean(attempt.key), key)}  {clean(attempt.model)}"


def _outcome(attempt: AttemptEnded) -> str:
    return attempt.outcome.replace("_", " ")


def _fold(paragraphs: Iterator[str], width: int) -> list[str]:
    """The paragraphs in lines; a paragraph's second line is set in."""
    return [
        _cut(line, width)
        for paragraph in paragraphs
        for line in wrap(paragraph, width, subsequent_indent="    ", break_on_hyphens=False) or [""]
    ]


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ignore")
