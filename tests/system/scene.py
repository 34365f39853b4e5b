"""A gateway process over a simulator in the test's own loop: the simulator's ledger can be read at once."""

import math
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from providers.simulator import INSTANT, FaultKind, KeyPlan, Simulator
from tests.gateway_process import RunningGateway, gateway
from tests.system.wire import MODEL

UPSTREAMS: Mapping[str, tuple[str, str]] = {
    "openai": ("/v1", "gpt-4o-mini"),
    "gemini": ("/v1beta", "gemini-2.0-flash"),
    "anthropic": ("", "claude-sonnet-4-5"),
    "simulator": ("", "gpt-4o-mini"),
}
"""Each kind's place on the simulator's address, and a model that it has."""

QUICK = KeyPlan(profile=INSTANT)
"""Answers at once, however long."""

AT_ONCE = 0.1
"""Seconds within which an upstream call must be gone when nobody wants it any more."""


@attrs.frozen
class Scene:
    """What is running. `keys` are the credentials at the simulator."""

    gateway: RunningGateway
    simulator: Simulator
    keys: Sequence[str]
    home: Path

    @property
    def url(self) -> str:
        return self.gateway.base_url

    @property
    def live_key(self) -> str:
        assert self.gateway.live_key is not None
        return self.gateway.live_key

    @property
    def test_key(self) -> str:
        assert self.gateway.test_key is not None
        return self.gateway.test_key

    def script(self, chances: Mapping[FaultKind, float]) -> None:
        """From now on each key's calls go wrong by these chances."""
        for key in self.keys:
            self.simulator.script(key, chances=chances)

    def complaints(self) -> list[str]:
        """What the gateway has written of failures. A client that left is none: that is told at info."""
        log = (self.home / "stderr.log").read_text().splitlines()
        told = [line for line in log if '"level": "info"' not in line]
        return [line for line in told if "failed" in line or "Traceback" in line]

    async def seconds_until_quiet(self, patience: float = 2.0) -> float:
        """How long from now until no upstream call is running; infinite if they run on and on."""
        start = trio.current_time()
        with trio.move_on_after(patience):
            while self.simulator.ledger.in_flight:
                await trio.sleep(0.002)
            return trio.current_time() - start
        return math.inf


def write_config(folder: Path, simulator: str, kinds: Sequence[str], extra: str = "") -> list[str]:
    """Writes `hedgerow.toml`: a provider with one key for each kind, and one model behind all of them.

    Gives the credentials, which are the providers' names too.
    """
    names = [f"{kind}-{number}" for number, kind in enumerate(kinds)]
    lines = [extra]
    for name, kind in zip(names, kinds, strict=True):
        base_url = simulator + UPSTREAMS[kind][0]
        lines += [f"[providers.{name}]", f'kind = "{kind}"', f'base_url = "{base_url}"']
        lines += [f'keys = ["{name}"]']
    targets = [f'"{name}/{UPSTREAMS[kind][1]}"' for name, kind in zip(names, kinds, strict=True)]
    lines += [f'[models."{MODEL}"]', f"targets = [{', '.join(targets)}]"]
    (folder / "hedgerow.toml").write_text("\n".join(lines))
    return names


@asynccontextmanager
async def scene(
    home: Path,
    *,
    kinds: Sequence[str] = ("openai", "gemini", "anthropic"),
    plan: KeyPlan = QUICK,
    extra: str = "",
) -> AsyncIterator[Scene]:
    """A gateway whose every provider is the simulator; `extra` is more TOML. Ends both at the end."""
    simulator = Simulator(default=plan, rng=random.Random(7))
    async with trio.open_nursery() as nursery:
        url = await nursery.start(simulator.serve)
        keys = write_config(home, url, kinds, extra)
        starting = gateway(home=home)
        # The gateway asks the simulator for its models while it starts: our loop must go on meanwhile.
        running = await trio.to_thread.run_sync(starting.__enter__)
        try:
            yield Scene(running, simulator, keys, home)
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(starting.__exit__, None, None, None)
            nursery.cancel_scope.cancel()
