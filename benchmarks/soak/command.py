"""`hedgerow bench soak`: memory, descriptors and calls under way, over half an hour of mixed load."""

import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import attrs
import msgspec
import trio
from cyclopts import Parameter

from benchmarks.overhead.cpu import resident
from benchmarks.overhead.subjects import GATEWAY, field
from benchmarks.soak.traffic import Traffic

MISSED = 3
SETTLED = 0.25
"""The share of the time after which nothing should grow any more."""

GROWTH = 5.0
"""Megabytes that memory may grow from then on, by the medians of the two halves of the rest."""

REST = 3.0
"""Seconds without load after which nothing may be under way."""

HEDGED = 'hedge = { policy = "fixed", delay = "30ms", budget = 0.2, min_delay = "30ms" }'


@attrs.frozen
class Look:
    """The gateway at one moment: seconds since the start, megabytes, open descriptors."""

    at: float
    megabytes: float
    descriptors: int


@attrs.frozen
class Soaked:
    """What was seen over `seconds`; `after` is without load."""

    seconds: float
    looks: Sequence[Look]
    after: Look
    done: dict[str, int]

    @property
    def growth(self) -> float:
        """Megabytes from the first half of the settled time to the second."""
        settled = [look for look in self.looks if look.at > SETTLED * self.seconds]
        first, second = settled[: len(settled) // 2], settled[len(settled) // 2 :]
        return _median(second) - _median(first)

    @property
    def failed(self) -> int:
        """Calls that were not answered and should have been."""
        return sum(count for name, count in self.done.items() if name.endswith("failed"))


def command(
    *,
    minutes: Annotated[float, Parameter(help="How long.")] = 30.0,
    rate: Annotated[float, Parameter(help="Calls a second, on average.")] = 100.0,
    looks: Annotated[int, Parameter(help="How often memory is looked at.")] = 60,
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
) -> int:
    """Soak the gateway in whole, streamed and abandoned calls; exit code 3 if it grows or fails."""
    soaked = trio.run(soak, minutes * 60.0, rate, looks)
    if json:
        print(msgspec.json.encode(soaked).decode())
    else:
        print("\n".join(table(soaked)))
    return 0 if all(kept for kept, _ in demands(soaked)) else MISSED


async def soak(seconds: float, rate: float, looks: int) -> Soaked:
    """Starts an upstream and a gateway, loads the gateway, and looks at it."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-soak-") as folder:
        async with field(Path(folder), (), policy=HEDGED) as everything:
            gateway = next(each for each in everything.subjects if each.name == GATEWAY)
            assert gateway.pid is not None
            traffic = Traffic(gateway, rate, random.Random(1))
            seen: list[Look] = []
            async with trio.open_nursery() as nursery:
                nursery.start_soon(traffic.run)
                for number in range(1, looks + 1):
                    await trio.sleep(seconds / looks)
                    seen.append(_look(gateway.pid, seconds * number / looks))
                nursery.cancel_scope.cancel()
            await trio.sleep(REST)
            after = _look(gateway.pid, seconds + REST)
    return Soaked(seconds, seen, after, dict(traffic.done))


def table(soaked: Soaked) -> Iterator[str]:
    """What was seen, as a person reads it."""
    for kind, count in sorted(Counter(soaked.done).items()):
        yield f"{kind:<18} {count:>8,}"
    yield ""
    yield f"{'minute':>8} {'MB':>8} {'descriptors':>12}"
    step = max(1, len(soaked.looks) // 12)
    for look in (*soaked.looks[::step], soaked.after):
        yield f"{look.at / 60:>8.1f} {look.megabytes:>8.1f} {look.descriptors:>12}"
    yield ""
    for kept, says in demands(soaked):
        yield f"{'✓' if kept else '✗'} {says}"


def demands(soaked: Soaked) -> Iterator[tuple[bool, str]]:
    """What is demanded, and whether it was kept."""
    growth = soaked.growth
    yield growth <= GROWTH, f"MB grown after it had settled: {growth:+.1f}, at most {GROWTH:g}"
    yield soaked.failed == 0, f"calls that failed: {soaked.failed}, none"


def _look(pid: int, at: float) -> Look:
    descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Look(at, resident(pid) / 1e6, descriptors)


def _median(looks: Sequence[Look]) -> float:
    ordered = sorted(look.megabytes for look in looks)
    return ordered[len(ordered) // 2]
