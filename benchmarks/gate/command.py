"""`hedgerow bench gate`: fails when the gateway's cost of a request has grown by a quarter."""

import platform
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import attrs
import msgspec
import trio
from cyclopts import Parameter

from benchmarks.gate.costs import BATCHES, measure
from benchmarks.gate.instructions import NoCounter, version
from benchmarks.gate.verdict import Kept, UnusableKept, compare, ratios
from gateway.cli.failures import FAILED, USAGE

KEPT = Path(__file__).with_name("kept.json")
MISSED = 3


def command(
    *,
    update: Annotated[bool, Parameter(help="Keep what is measured now.", negative=())] = False,
    kept: Annotated[Path, Parameter(help="The file with the kept figures.")] = KEPT,
    batches: Annotated[int, Parameter(help="Whose median counts.")] = BATCHES,
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
) -> int:
    """Count a request's instructions with valgrind; exit code 3 if they have grown by 25 % or more.

    They are compared as multiples of what the bare proxy takes in the same run. Takes about a minute.
    """
    try:
        known = Kept({}) if update else Kept.read(kept.read_bytes())
        seen = _measured(batches, version())
    except (OSError, UnusableKept) as error:
        return _failed(USAGE, f"{kept}: {error}")
    except NoCounter as error:
        return _failed(FAILED, str(error))
    if update:
        kept.write_bytes(seen.text())
        known = seen
    return report(seen, known, json=json)


def _measured(batches: int, valgrind: str) -> Kept:
    try:
        with tempfile.TemporaryDirectory(prefix="hedgerow-gate-") as folder:
            costs = trio.run(measure, Path(folder), batches)
    except ExceptionGroup as group:
        cause = _first(group)
        if isinstance(cause, NoCounter | RuntimeError):
            raise NoCounter(str(cause)) from group
        raise
    return Kept(ratios(costs), platform.python_version(), valgrind)


def _first(error: Exception) -> Exception:
    """What went wrong on one side; the other one's failure is its consequence, or the same."""
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


def _failed(code: int, why: str) -> int:
    print(f"hedgerow: {why}", file=sys.stderr)
    return code


def report(seen: Kept, kept: Kept, *, json: bool) -> int:
    """Prints how what was seen compares with what is kept; gives the exit code."""
    verdicts = list(compare(seen.ratios, kept))
    judged = {verdict.judgement for verdict in verdicts}
    if json:
        told = [{**attrs.asdict(v), "judgement": v.judgement} for v in verdicts]
        print(msgspec.json.encode({"verdicts": told, "seen": seen, "kept": kept}).decode())
        return MISSED if "grown" in judged else 0
    marks = {"grown": "✗", "alike": "✓", "shrunk": "✓"}
    print("\n".join(f"{marks[verdict.judgement]} {verdict.says}" for verdict in verdicts))
    if (seen.python, seen.valgrind) != (kept.python, kept.valgrind):
        print(f"Python {seen.python}, {seen.valgrind}; kept with {kept.python}, {kept.valgrind}")
    if "shrunk" in judged:
        print("Cheaper than what is kept: lower it with `make gate-update`, or it may grow back.")
    if "grown" in judged:
        print("A request has become dearer. If that is meant: `make gate-update`, and say why.")
        return MISSED
    return 0
