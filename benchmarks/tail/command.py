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

from benchmarks.tail import contenders, real, table
from benchmarks.tail.contenders import contender
from benchmarks.tail.harness import run_cell
from benchmarks.tail.report import html
from benchmarks.tail.results import Cell, Run
from benchmarks.tail.rows import grouped
from benchmarks.tail.scenarios import SCENARIOS
from benchmarks.tail.verdicts import exit_code, judge
from gateway.cli.failures import USAGE

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
        ]


class Unusable(Exception):
    """Something on the command line that means nothing here."""


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
    in_real_time: Annotated[
        bool,
        Parameter(
            "--real", help="The iid scenario in real time, over real processes.", negative=()
        ),
    ] = False,
) -> int:
    """Race policies of hedging through scenarios in virtual time; exit code 3 if a demand is missed.

    Everything runs the gateway's own race. The same seed gives the same figures. All of it takes
    the better part of an hour on two processors; p99 intervals narrow with --requests.
    """
    try:
        _check(requests, workers, html)
        choose_from = in_reality if in_real_time else choose
        chosen = choose_from(scenario, profile, contender, requests, seed)
    except Unusable as error:
        print(f"hedgerow: {error}", file=sys.stderr)
        return USAGE
    run = _run(chosen, workers or os.cpu_count() or 1, in_real_time=in_real_time)
    return _report(run, json=json, to=html)


def choose(
    scenario: str | None, profile: str | None, contender: str | None, requests: int, seed: int
) -> Chosen:
    """The names that were given with commas between them, or all.

    Raises:
        Unusable: one of them is none.
    """
    usual = tuple(name for name, each in SCENARIOS.items() if not each.variant)
    return Chosen(
        _names("scenario", scenario, tuple(SCENARIOS), usual),
        _names("profile", profile, PROFILES, PROFILES),
        _names("contender", contender, contenders.NAMES, contenders.NAMES),
        requests,
        seed,
    )


def in_reality(
    scenario: str | None, profile: str | None, contender: str | None, requests: int, seed: int
) -> Chosen:
    """The same of what can be run in real time.

    Raises:
        Unusable: one of them cannot.
    """
    return Chosen(
        _names("scenario with --real", scenario, ("iid",), ("iid",)),
        _names("profile", profile, PROFILES, PROFILES),
        _names("contender with --real", contender, real.NAMES, real.NAMES),
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
        raise Unusable(f"unknown {what} {said}; there are {', '.join(known)}")
    return names


def _check(requests: int, workers: int | None, html: Path | None) -> None:
    """Says at once what would else be noticed after a quarter of an hour."""
    if requests < 1 or (workers is not None and workers < 1):
        raise Unusable("--requests and --workers must be at least 1")
    if html is not None and not html.absolute().parent.is_dir():
        raise Unusable(f"--html: there is no folder {html.parent}")


def _run(chosen: Chosen, workers: int, *, in_real_time: bool) -> Run:
    began = time.monotonic()
    cells = _really_measured(chosen) if in_real_time else _measured(chosen, workers)
    return Run(
        cells=tuple(cells),
        command=_command_line(chosen, in_real_time=in_real_time),
        version=version("hedgerow"),
        date=datetime.now(UTC).date().isoformat(),
        seconds=time.monotonic() - began,
    )


def _measured(chosen: Chosen, workers: int) -> list[Cell]:
    tasks, cells = chosen.tasks(), dict[int, Cell]()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("cells", total=len(tasks))
        for place, cell in run_all(tasks, workers):
            cells[place] = cell
            progress.advance(bar)
    return [cells[place] for place in range(len(tasks))]


def _really_measured(chosen: Chosen) -> list[Cell]:
    cells: list[Cell] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for profile in progress.track(chosen.profiles, description="profiles"):
            setup = real.Setup(profile, chosen.contenders, chosen.requests, chosen.seed)
            cells += real.run_cells(setup)
    return cells


def _command_line(chosen: Chosen, *, in_real_time: bool) -> str:
    """What to type to measure the same again."""
    return shlex.join(
        [
            *("hedgerow", "bench", "tail", *(["--real"] if in_real_time else [])),
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
    return exit_code(verdicts)
