"""The canned upstream and the bare proxy as processes, for as long as a block lasts."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.overhead.subjects import Subject


@contextmanager
def canned(module: str = "upstream", *arguments: str) -> Iterator[Subject]:
    """Runs one of the modules that print their port."""
    command = [sys.executable, "-m", f"benchmarks.overhead.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            yield Subject(module, f"http://127.0.0.1:{port}/v1", process.pid)
        finally:
            process.kill()


def port_of(subject: Subject) -> str:
    """The port it listens on."""
    return subject.url.rsplit(":", 1)[1].removesuffix("/v1")
