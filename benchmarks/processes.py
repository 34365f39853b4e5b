"""The real programs as processes of their own, for as long as a measurement takes."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import httpx
import trio

START_TIME = 30.0
STOP_TIME = 40.0


@attrs.frozen
class Running:
    """A program that is up; `line` is what it said of it."""

    pid: int
    line: str


@asynccontextmanager
async def program(
    command: Sequence[str],
    log: Path,
    expect: str = "",
    cores: set[int] | None = None,
    *,
    patience: float = START_TIME,
) -> AsyncIterator[Running]:
    """Runs a program, on these processors; waits for the line that contains `expect`; stops it after.

    Raises:
        RuntimeError: it ended, or did not say so within `patience` seconds; `log` has what it said on
            standard error.
    """
    with log.open("wb") as errors:
        process = await trio.lowlevel.open_process(
            command, stdout=subprocess.PIPE, stderr=errors, env=_environment()
        )
    async with _until_left(process, cores):
        yield Running(process.pid, await _line_with(process, expect, log, patience))


@asynccontextmanager
async def silent(
    command: Sequence[str], log: Path, cores: set[int] | None = None
) -> AsyncIterator[trio.Process]:
    """Runs a program whose every word goes to `log`, on these processors; stops it after."""
    with log.open("wb") as words:
        process = await trio.lowlevel.open_process(
            command, stdout=words, stderr=subprocess.STDOUT, env=_environment()
        )
    async with _until_left(process, cores):
        yield process


@asynccontextmanager
async def _until_left(process: trio.Process, cores: set[int] | None) -> AsyncIterator[None]:
    if cores:
        os.sched_setaffinity(process.pid, cores)
    try:
        yield
    finally:
        with trio.move_on_after(STOP_TIME, shield=True):
            process.terminate()
            await process.wait()
        if process.returncode is None:
            process.kill()


@asynccontextmanager
async def hedgerow(*arguments: str, log: Path, expect: str) -> AsyncIterator[str]:
    """Runs `hedgerow ARGUMENTS…` as `program` does; gives the line."""
    async with program([sys.executable, "-m", "gateway", *arguments], log, expect) as running:
        yield running.line


async def _line_with(process: trio.Process, expect: str, log: Path, patience: float) -> str:
    assert process.stdout is not None, "asked for above"
    said = b""
    with trio.move_on_after(patience):
        while chunk := await process.stdout.receive_some():
            said += chunk
            for line in said.decode(errors="replace").split("\n")[:-1]:
                if expect in line:
                    return line.strip()
    raise RuntimeError(f"{log.stem} did not start: {_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def create_project(config: Path, name: str) -> str:
    """Creates a project beside or before a running gateway; gives its live key."""
    command = [sys.executable, "-m", "gateway", "project", "create", name, "--json"]
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [*command, "--config", str(config)],
        check=True,
        capture_output=True,
        env=_environment(),
    )
    return str(json.loads(done.stdout)["live_key"])


async def ledger(url: str) -> dict[str, dict[str, int]]:
    """What the simulator counted, by key."""
    async with httpx.AsyncClient(trust_env=False) as http:
        response = await http.get(f"{url}/_sim/ledger")
    keys: dict[str, dict[str, int]] = response.json()["keys"]
    return keys


def started(counts: dict[str, dict[str, int]], keys: Sequence[str]) -> int:
    """How many calls these keys have received."""
    return sum(counts.get(key, {}).get("started", 0) for key in keys)


def _environment() -> dict[str, str]:
    """The environment without what would change the gateway's configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HEDGEROW_")}
