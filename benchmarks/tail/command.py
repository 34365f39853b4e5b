"""`hedgerow bench tail`: contenders in scenarios, in virtual time, with tables and verdicts."""

import multiprocessing
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import attrs
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress

from benchmarks.tail import contenders, table
from benchmarks.tail.contenders import contender
from benchmarks.tail.harness import run_cell
from benchmarks.tail.report import html
from benchmarks.tail.results import Cell, Run
from benchmarks.tail.rows import grouped
from benchmarks.tail.scenarios import SCENARIOS
from benchmarks.tail.verdicts import judge
from gateway.cli.failures import USAGE

MISSED = 3
WIDE = 160
"""Columns of what goes to a file or a pipe: there nobody has to fit it on a screen."""
PROFILES = ("tight", "typical", "spiky", "heavy")


@attrs.frozen
class Task:
    """One cell that is to be run, by names, so that another process can be told."""

    scenario: str
    profile: str
    contender: str
    requests: int
    seed: int

    def run(self) -> Cell:
        """Runs it here."""
        scenario = SCENARIOS[self.scenario]
        racer = contender(self.contender, scenario, self.profile)
        return run_cell(scenario, self.profile, racer, scenario.counted(self.requests), self.seed)


@attrs.frozen
class Chosen:
    """What to measure: names, in the order in which they shall be shown."""

    scenarios: tuple[str, ...]
    profiles: tuple[str, ...]
    contenders: tuple[str, ...]
    requests: int
    seed: int

    def tasks(self) -> list[Task]:
        """Every cell of it."""
        return [
            Task(scenario, profile, name, self.requests, self.seed)
            for scenario in self.scenarios
            for profile in self.profiles
            for name in self.contenders
            if name not in SCENARIOS[scenario].without
        ]


class UnknownName(Exception):
    """A name on the command line that means nothing."""


def command(  # noqa: PLR0913 - the options of a command line, all with defaults
    *,
    scenario: Annotated[
        str | None, Parameter(help="Names with commas between; without, all but the variants.")
    ] = None,
    profile: Annotated[
        str | None, Parameter(help="Of latency: tight, typical, spiky, heavy; without, all.")
    ] = None,
    contender: Annotated[str | None, Parameter(help="Names; without, all.")] = None,
    requests: Annotated[
        int,
        Parameter(help="Counted requests a cell; more where troubles need whole ten minutes."),
    ] = 4000,
    seed: int = 1,
    workers: Annotated[
        int | None, Parameter(help="Processes; without, one for each processor.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
    html: Annotated[Path | None, Parameter(help="Write a report to this file, too.")] = None,
) -> int:
    """Race policies of hedging through scenarios in virtual time; exit code 3 if a demand is missed.

    Everything runs the gateway's own race. The same seed gives the same figures. All of it takes a
    quarter of an hour and more; p99 intervals narrow with --requests.
    """
    try:
        chosen = choose(scenario, profile, contender, requests, seed)
    except UnknownName as error:
        print(f"hedgerow: {error}", file=sys.stderr)
        return USAGE
    if requests < 1 or (workers is not None and workers < 1):
        print("hedgerow: --requests and --workers must be at least 1", file=sys.stderr)
        return USAGE
    if html is not None and not html.absolute().parent.is_dir():
        print(f"hedgerow: --html: there is no folder {html.parent}", file=sys.stderr)
        return USAGE
    return _report(_measured(chosen, workers or os.cpu_count() or 1), json=json, to=html)


def choose(
    scenario: str | None, profile: str | None, contender: str | None, requests: int, seed: int
) -> Chosen:
    """The names that were given with commas between them, or all.

    Raises:
        UnknownName: one of them is none.
    """
    usual = tuple(name for name, each in SCENARIOS.items() if not each.variant)
    return Chosen(
        _names("scenario", scenario, tuple(SCENARIOS), usual),
        _names("profile", profile, PROFILES, PROFILES),
        _names("contender", contender, contenders.NAMES, contenders.NAMES),
        requests,
        seed,
    )


def run_all(tasks: Sequence[Task], workers: int) -> Iterator[tuple[int, Cell]]:
    """Each task's place and its cell, as they come in."""
    if workers == 1 or len(tasks) == 1:
        yield from ((place, task.run()) for place, task in enumerate(tasks))
        return
    context = multiprocessing.get_context("spawn")
    count = min(workers, len(tasks))
    with ProcessPoolExecutor(count, mp_context=context, initializer=_leave_to_parent) as pool:
        places: dict[Future[Cell], int] = {
            pool.submit(task.run): place for place, task in enumerate(tasks)
        }
        try:
            for done in as_completed(places):
                yield places[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_to_parent() -> None:
    """Ctrl-C reaches all processes; one of them is enough to say that it came."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _names(
    what: str, given: str | None, known: tuple[str, ...], usual: tuple[str, ...]
) -> tuple[str, ...]:
    if given is None:
        return usual
    names = tuple(dict.fromkeys(name.strip() for name in given.split(",")))
    unknown = [name for name in names if name not in known]
    if unknown:
        said = ", ".join(repr(name) for name in unknown)
        raise UnknownName(f"unknown {what} {said}; there are {', '.join(known)}")
    return names


def _measured(chosen: Chosen, workers: int) -> Run:
    tasks, began = chosen.tasks(), time.monotonic()
    cells: dict[int, Cell] = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("cells", total=len(tasks))
        for place, cell in run_all(tasks, workers):
            cells[place] = cell
            progress.advance(bar)
    return Run(
        cells=tuple(cells[place] for place in range(len(tasks))),
        command=_command_line(chosen),
        version=version("hedgerow"),
        date=datetime.now(UTC).date().isoformat(),
        seconds=time.monotonic() - began,
    )


def _command_line(chosen: Chosen) -> str:
    """What to type to measure the same again."""
    return shlex.join(
        [
            *("hedgerow", "bench", "tail"),
            *("--scenario", ",".join(chosen.scenarios)),
            *("--profile", ",".join(chosen.profiles)),
            *("--contender", ",".join(chosen.contenders)),
            *("--requests", str(chosen.requests), "--seed", str(chosen.seed)),
        ]
    )


def _report(run: Run, *, json: bool, to: Path | None) -> int:
    groups = grouped(run)
    verdicts = judge(groups)
    if to is not None:
        to.write_text(html(run, groups, verdicts), encoding="utf-8")
    if json:
        print(msgspec.json.encode(table.as_json(run, groups, verdicts)).decode())
    else:
        console = Console()
        if not console.is_terminal:
            console.width = WIDE
        console.print(table.show(groups, verdicts))
    return 0 if all(verdict.passed for verdict in verdicts) else MISSED
