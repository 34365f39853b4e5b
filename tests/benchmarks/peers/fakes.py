"""A peer that is there on every machine: the canned upstream itself, as a process of its own."""

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.known import Peer, Start


def stand_in(name: str = "stand-in", command: Sequence[str] = (), patience: float = 30.0) -> Peer:
    """A peer that answers everything itself; or runs this command instead."""

    def start(_folder: Path, _files: Path, port: int, _upstream: str) -> Start:
        itself = [sys.executable, "-m", "benchmarks.overhead.upstream", str(port)]
        return Start([*command] or itself, {"PEER": name})

    return Peer(name, lambda _: [], lambda _: "1.0", start, lambda _: {"x-peer": name}, patience)
