"""Where peers are installed: a folder for each, made once and used again, nothing of it in the project's.

What is there is taken as it is; to get a newer version, remove the folder.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import trio

INSTALL_TIME = 1200.0
"""Seconds that a registry may take: one of the peers brings a hundred packages along."""

_WHOLE = ".installed"


class Unusable(Exception):
    """A peer cannot be measured here; says why."""


def default_home(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's cache folder."""
    cache = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "hedgerow" / "peers"


async def installed(folder: Path, install: Callable[[Path], Sequence[Sequence[str]]]) -> None:
    """Makes the environment by these commands, unless it is whole already.

    Raises:
        Unusable: a tool is missing, or one of the commands failed.
    """
    mark = trio.Path(folder) / _WHOLE
    if await mark.exists():
        return
    await mark.parent.mkdir(parents=True, exist_ok=True)
    for command in install(folder):
        await _run(command)
    await mark.touch()


def python_package(requirement: str) -> Callable[[Path], Sequence[Sequence[str]]]:
    """Into a virtual environment."""
    return lambda folder: [
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "pip"), "install", "--quiet", requirement],
    ]


def node_package(name: str) -> Callable[[Path], Sequence[Sequence[str]]]:
    """Into a folder of node modules."""
    quiet = ("--silent", "--no-audit", "--no-fund")
    return lambda folder: [["npm", "install", *quiet, "--prefix", str(folder), name]]


async def _run(command: Sequence[str]) -> None:
    name = Path(command[0]).name
    try:
        with trio.fail_after(INSTALL_TIME):
            done = await trio.run_process(
                command, capture_stdout=True, stderr=subprocess.STDOUT, check=False
            )
    except FileNotFoundError:
        raise Unusable(f"{name} is not installed") from None
    except trio.TooSlowError:
        raise Unusable(f"{name} took more than {INSTALL_TIME:g} s") from None
    if done.returncode:
        said = (done.stdout or b"").decode(errors="replace").strip().splitlines()
        raise Unusable(f"{name} failed: {said[-1] if said else f'exit code {done.returncode}'}")
