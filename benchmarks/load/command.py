"""`hedgerow bench load`: open-loop load for any OpenAI-compatible server."""

import getpass
import math
import os
import platform
import random
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import attrs
import msgspec
import trio
from cyclopts import Parameter
from rich.console import Console

from benchmarks.load import text
from benchmarks.load.driver import Driver, Tally
from benchmarks.load.hgrm import hgrm
from benchmarks.load.options import (
    AskingOptions,
    FileOptions,
    JudgedOptions,
    Options,
    TrafficOptions,
)
from benchmarks.load.plan import Plan, Unusable, plan
from benchmarks.load.records import jsonl
from benchmarks.load.report import Circumstances, html
from benchmarks.load.slo import Verdict, judge
from benchmarks.load.summary import Metric, Run, Summary, latencies, summarize
from benchmarks.load.watching import watch
from gateway.cli.failures import FAILED, INTERRUPTED, USAGE
from providers.types import Secret

MISSED = 3

_TRAFFIC = TrafficOptions()
_JUDGED = JudgedOptions()
_FILES = FileOptions()


@attrs.frozen
class Result:
    """All there is to tell of a run."""

    plan: Plan
    run: Run
    summary: Summary
    verdicts: tuple[Verdict, ...]
    around: Circumstances


def command(
    url: Annotated[str, Parameter(help="The server's, as http://127.0.0.1:8400/v1.")],
    /,
    *,
    asking: AskingOptions,
    traffic: TrafficOptions = _TRAFFIC,
    judged: JudgedOptions = _JUDGED,
    files: FileOptions = _FILES,
) -> int:
    """Send chats to an OpenAI-compatible URL when they are due; exit code 3 if an --slo is missed.

    Requests do not wait for one another, and latency counts
    from when each was due. Real servers may charge for it: 1 request a second for 30 s is the default.
    Exit code 1 if nothing was answered at all, 2 if an option is wrong, 130 if interrupted, with what there is.
    """
    try:
        planned = plan(Options(url, traffic, asking, judged, files), os.environ, _key(asking))
    except Unusable as error:
        print(f"hedgerow: {error}", file=sys.stderr)
        return USAGE
    _allow_descriptors()
    began = datetime.now(UTC).isoformat(timespec="seconds")
    run = trio.run(drive, planned)
    result = _result(planned, run, began)
    _report(result, files)
    return _code(result)


async def drive(planned: Plan) -> Run:
    """Sends everything; Ctrl-C ends it, and what was measured until then is kept."""
    tally = Tally(len(planned.load))
    rng = random.Random(planned.seed)
    driver = Driver(planned.target, planned.asking, planned.timeout, rng, tally)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_interrupted, nursery.cancel_scope)
        nursery.start_soon(watch, tally, Console(stderr=True))
        await driver.run(planned.load)
        nursery.cancel_scope.cancel()
    outcomes = tuple(sorted(driver.outcomes, key=lambda outcome: outcome.index))
    return Run(outcomes, planned.asking.stream, len(planned.load) - len(outcomes))


async def _until_interrupted(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()


def _key(asking: AskingOptions) -> Secret | None:
    if not asking.key_stdin:
        return None
    if asking.key_env is not None:
        raise Unusable("--key-stdin: --key-env says where the key is")
    said = getpass.getpass("API key: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not said.strip():
        raise Unusable("--key-stdin: there is no key on standard input")
    return Secret(said.strip())


def _allow_descriptors() -> None:
    """As many connections as the system lets us: an open loop cannot know how many it will need."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # not every system lets us have its own limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _result(planned: Plan, run: Run, began: str) -> Result:
    summary = summarize(run, planned.limits)
    versions = {
        "Hedgerow": version("hedgerow"),
        "Python": platform.python_version(),
        "Trio": version("trio"),
        "system": f"{platform.system()} {platform.release()}, {os.cpu_count()} processors",
    }
    verdicts = tuple(judge(planned.slos, run, summary))
    return Result(planned, run, summary, verdicts, Circumstances(began, versions))


def _report(result: Result, files: FileOptions) -> None:
    written = list(_write(result, files))
    if files.json:
        print(msgspec.json.encode(as_json(result)).decode())
        return
    console = Console()
    console.print(text.table(result.summary))
    pairs = [*text.facts(result.plan, result.summary), *text.files(written)]
    print(text.lines(pairs))
    for verdict in result.verdicts:
        print(verdict)
    next_step = text.next_step(result.plan, result.summary, result.verdicts)
    print(text.lines([("Again:", result.plan.command), ("Next:", next_step)]))


def _write(result: Result, files: FileOptions) -> Sequence[tuple[str, Path]]:
    """Writes what was asked for; gives what each file is."""
    written = []
    if files.jsonl is not None:
        with files.jsonl.open("wb") as file:
            file.writelines(jsonl(result.run))
        written.append(("a JSON object for each request", files.jsonl))
    if files.hgrm is not None:
        metric: Metric = files.hgrm_of or result.run.metrics[0]
        files.hgrm.write_text(hgrm(latencies(result.run, metric)), encoding="utf-8")
        written.append((f"percentiles of {metric.upper()} in ms", files.hgrm))
    if files.html is not None:
        page = html(result.plan, result.run, result.summary, result.verdicts, result.around)
        files.html.write_text(page, encoding="utf-8")
        written.append(("report", files.html))
    return written


def as_json(result: Result) -> dict[str, Any]:
    """The same for machines. Times are seconds, rates are a second; null is what is not known."""
    summary = result.summary
    shares = {"error_share": summary.error_share, "good_share": summary.good_share}
    rates = {"goodput": summary.goodput}
    measured = msgspec.to_builtins(summary) | shares | rates
    return {
        "command": result.plan.command,
        "began": result.around.began,
        "versions": result.around.versions,
        "parameters": dict(result.plan.parameters),
        "seed": result.plan.seed,
        "summary": _known(measured),
        "slos": [
            {"slo": v.slo.text, "value": _known(v.value), "unit": v.slo.unit, "met": v.met}
            for v in result.verdicts
        ],
        "notes": [*result.plan.notes, *text.warnings(summary)],
    }


def _known(value: Any) -> Any:
    """Numbers that are none become null, as JSON has it."""
    if isinstance(value, dict):
        return {name: _known(each) for name, each in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def _code(result: Result) -> int:
    if result.run.unfinished:
        return INTERRUPTED
    if not all(verdict.met for verdict in result.verdicts):
        return MISSED
    return 0 if result.summary.answered else FAILED
