"""A program under valgrind's callgrind: how many instructions it has executed, whenever that is asked.

Instrumented Python is about fifty times slower, and starting a gateway costs as much as two thousand requests:
so the program starts uninstrumented, and counting begins when it is told to.
"""

import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from benchmarks.processes import program

PATIENCE = 120.0
"""Seconds for a start under valgrind: ten on a quiet machine, several times that on a busy one."""

_TOTALS = re.compile(r"^totals: (\d+)", re.MULTILINE)


class NoCounter(Exception):
    """Instructions cannot be counted here; says why and what helps."""


@attrs.define(eq=False)
class Counted:
    """A running program. `line` is what it said of itself."""

    line: str
    pid: int
    folder: Path
    _dumps: int = 0

    async def begin(self) -> None:
        """Counts from now on."""
        await self._ask("instrumentation", "on")
        await self.since()

    async def since(self) -> int:
        """The instructions executed, in all threads, since this was last asked.

        Raises:
            NoCounter: valgrind does not answer.
        """
        self._dumps += 1
        await self._ask("dump")
        dump = self.folder / f"instructions.{self._dumps}"
        found = _TOTALS.search(dump.read_text()) if dump.exists() else None
        if found is None:
            raise NoCounter(f"valgrind wrote no totals to {dump.name}")
        return int(found[1])

    async def _ask(self, *words: str) -> None:
        command = ["vgdb", f"--vgdb-prefix={self.folder}/vgdb", f"--pid={self.pid}", *words]
        try:
            await trio.run_process(command, capture_stdout=True, capture_stderr=True)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()
            raise NoCounter(f"valgrind does not answer: {said}") from error


def version() -> str:
    """Valgrind's name and version.

    Raises:
        NoCounter: it is not installed.
    """
    if shutil.which("valgrind") is None or shutil.which("vgdb") is None:
        raise NoCounter("valgrind is not installed; Debian and Ubuntu have it as `valgrind`")
    command = ["valgrind", "--version"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603 - no shell
    return done.stdout.strip()


@asynccontextmanager
async def counted(command: Sequence[str], folder: Path, expect: str = "") -> AsyncIterator[Counted]:
    """Runs a program so that it can be counted; `folder` is its own. Waits for the line with `expect`.

    Raises:
        RuntimeError: the program did not start.
    """
    await trio.Path(folder).mkdir(exist_ok=True)
    valgrind = [
        "env",
        "PYTHONHASHSEED=0",  # the order of sets and the collisions of dicts, the same in every run
        "valgrind",
        "--tool=callgrind",
        "--instr-atstart=no",
        f"--callgrind-out-file={folder}/instructions",
        f"--vgdb-prefix={folder}/vgdb",
    ]
    log = folder / "log"
    async with program([*valgrind, *command], log, expect, patience=PATIENCE) as running:
        yield Counted(running.line, running.pid, folder)
