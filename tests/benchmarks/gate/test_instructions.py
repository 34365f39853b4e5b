"""A real program under the real valgrind."""

import sys
from pathlib import Path

import pytest
import trio

from benchmarks.gate.instructions import Counted, NoCounter, counted

WORKS = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print("works at", listener.getsockname()[1], flush=True)
while True:
    link, _ = listener.accept()
    for _ in range(1000 * int(link.recv(10))):
        pass
    link.close()
"""


@pytest.mark.slow
@pytest.mark.usefixtures("valgrind")
async def test_ten_times_the_work_is_ten_times_the_instructions(tmp_path: Path) -> None:
    """Counted from when that is asked for, and again from each reading to the next."""
    async with counted([sys.executable, "-S", "-c", WORKS], tmp_path / "it", "works at") as program:
        port = int(program.line.split()[-1])
        await program.begin()
        costs = [await _cost(program, port, work) for work in (10, 10, 100)]
    assert 10 * 1000 < costs[0] < 10 * 1000 * 1000
    assert costs[1] == pytest.approx(costs[0], rel=0.2)
    assert costs[2] == pytest.approx(10 * costs[0], rel=0.2)


async def _cost(program: Counted, port: int, work: int) -> int:
    async with await trio.open_tcp_stream("127.0.0.1", port) as link:
        await program.since()
        await link.send_all(b"%d" % work)
        await link.receive_some()
    return await program.since()


@pytest.mark.usefixtures("valgrind")
async def test_a_program_that_has_died_is_told_as_such(tmp_path: Path) -> None:
    """Instead of a figure."""
    with pytest.raises(NoCounter, match="does not answer"):
        await Counted("", 2**22 + 1, tmp_path).since()
