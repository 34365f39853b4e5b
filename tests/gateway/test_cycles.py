"""What a request leaves behind: nothing that only the garbage collector can free.

It stops everybody when it comes, for a tenth of a second after some hundred requests that left a hundred
objects each.
"""

import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.simulator import TIGHT, Fault, KeyPlan
from tests.gateway.running import QUICK, Running, running

OURS = ("gateway.", "policies.", "providers.", "state.")
SIMULATED = "providers.simulator"


@pytest.fixture
def kept() -> Iterator[None]:
    """What the collector finds meanwhile is kept to be looked at, and not freed."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def found() -> Counter[str]:
    """Our own objects that were in cycles, by class."""
    gc.collect()
    kinds = [f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage]
    gc.garbage.clear()
    return Counter(k for k in kinds if k.startswith(OURS) and not k.startswith(SIMULATED))


async def ask(gateway: Running, body: dict[str, object]) -> None:
    """One call, read to its end."""
    await gateway.chat(body)


@pytest.mark.parametrize(
    "body",
    [{}, {"stream": True}, {"model": "nobody-has-this"}, {"messages": 3}],
    ids=["whole", "streamed", "no such model", "bad request"],
)
async def test_a_request_leaves_no_cycles(
    tmp_path: Path, kept: None, body: dict[str, object]
) -> None:
    """Whatever became of it: all that was made for it is freed with it."""
    async with running(tmp_path, keys={"one": QUICK}, fast="all") as gateway:
        await ask(gateway, body)
        found()
        for _ in range(5):
            await ask(gateway, body)
        assert found() == Counter()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_that_fails_upstream_leaves_no_cycles(
    tmp_path: Path, kept: None, stream: bool
) -> None:
    """Errors hold their tracebacks, and those the frames that hold the errors."""
    async with running(tmp_path, keys={"one": QUICK, "two": QUICK}, fast="all") as gateway:
        for key in ("one", "two"):
            gateway.simulator.script(key, [Fault("overloaded")], repeat=True)
        await ask(gateway, {"stream": stream})
        found()
        for _ in range(5):
            await ask(gateway, {"stream": stream})
        assert found() == Counter()


async def test_a_hedged_request_leaves_no_cycles(tmp_path: Path, kept: None) -> None:
    """The loser's things are freed, too."""
    slow = KeyPlan(profile=TIGHT, median=0.05, words=3, words_sigma=0.0)
    hedged = '[policies.default]\nhedge = { policy = "fixed", delay = "10ms", budget = 1.0 }\n'
    keys = {"one": slow, "two": slow}
    async with running(tmp_path, keys=keys, settings=hedged, fast="all") as gateway:
        await ask(gateway, {})
        found()
        answers = [await gateway.chat() for _ in range(5)]
        assert {answer.headers["x-hedgerow-attempts"] for answer in answers} == {"2"}
        assert found() == Counter()
