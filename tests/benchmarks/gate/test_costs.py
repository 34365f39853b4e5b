"""The measurement itself, on its smaller half; `make gate` runs it whole."""

from pathlib import Path

import httpx
import pytest
import trio

from benchmarks.gate.costs import WHOLE, Conversation, slowly
from benchmarks.gate.instructions import PATIENCE, counted
from benchmarks.gate.lockstep import LockStep


@pytest.mark.slow
@pytest.mark.usefixtures("valgrind")
async def test_the_same_request_takes_the_same_instructions(tmp_path: Path) -> None:
    """Where times would differ by a fifth."""
    lockstep = LockStep()
    async with trio.open_nursery() as nursery:
        port = await lockstep.listen(nursery)
        async with (
            counted(slowly("bare", port), tmp_path / "bare") as server,
            httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http,
        ):
            url = f"http://127.0.0.1:{server.line}/v1"
            costs = await Conversation(server, url, lockstep, http).costs([WHOLE], batches=2)
        nursery.cancel_scope.cancel()
    (batches,) = costs.values()
    assert min(batches) > 100_000
    assert max(batches) < 1.1 * min(batches)
