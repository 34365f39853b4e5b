"""The real program in a process of its own, as a user starts it."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[1]
START_TIME = 30.0


@attrs.frozen
class RunningGateway:
    """A started gateway and what its banner said; keys are None where none were shown."""

    process: "subprocess.Popen[bytes]"
    banner: str
    base_url: str
    live_key: str | None
    test_key: str | None

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Signals it and waits; gives the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(timeout=45)


@contextmanager
def gateway(
    *arguments: str, home: Path, environ: Mapping[str, str] | None = None
) -> Iterator[RunningGateway]:
    """`hedgerow serve` on a free port, with its state under `home`; killed at the end if still there."""
    command = [sys.executable, "-m", "gateway", "serve", "--bind", "127.0.0.1:0", *arguments]
    with (home / "stderr.log").open("ab") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, cwd=home, env=environment(home, environ)
        )
    try:
        banner = _banner(process, home)
        yield RunningGateway(
            process,
            banner,
            _found(r"Base URL\s+(\S+)/v1", banner) or "",
            _found(r"(pk_live_\w+)", banner),
            _found(r"(pk_test_\w+)", banner),
        )
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A newcomer's environment: no provider keys, and a home of its own."""
    names = ("PATH", "LANG", "TMPDIR", "HEDGEROW_FAST")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "HEDGEROW_STATE": f"file:{home / 'state'}",
        **(extra or {}),
    }


def hedgerow(*arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a command of the program to its end."""
    command = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        text=True,
        cwd=home,
        env=environment(home),
        timeout=60,
    )


def create_project(name: str, *arguments: str, home: Path) -> dict[str, str]:
    """Creates a project from the command line; gives what `--json` printed."""
    done = hedgerow("project", "create", name, "--json", *arguments, home=home)
    assert done.returncode == 0, done.stderr
    keys: dict[str, str] = json.loads(done.stdout)
    return keys


def _banner(process: "subprocess.Popen[bytes]", home: Path) -> str:
    """Reads until the line to paste was printed, in a thread so that silence cannot hang a test."""
    lines: queue.Queue[bytes] = queue.Queue()
    stdout = process.stdout
    assert stdout is not None

    def read() -> None:
        for line in iter(stdout.readline, b""):
            lines.put(line)
            if line.lstrip().startswith(b"curl "):
                return
        lines.put(b"")

    threading.Thread(target=read, daemon=True).start()
    said = ""
    while "curl " not in said:
        line = lines.get(timeout=START_TIME)
        if not line:
            raise AssertionError((home / "stderr.log").read_text())
        said += line.decode()
    return said


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match.group(1) if match else None
