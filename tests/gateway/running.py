"""A whole gateway in the test's own nursery, over a simulator in the same loop, on real sockets."""

import os
import random
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import httpx
import trio

from gateway.environment import load_config
from gateway.serve import serve
from providers.simulator import INSTANT, KeyPlan, Simulator

QUICK = KeyPlan(profile=INSTANT, words=8, words_sigma=0.0)


@attrs.define(eq=False)
class Running:
    """What a test needs to talk to the gateway and to look behind it."""

    base_url: str
    live_key: str
    test_key: str
    simulator: Simulator
    http: httpx.AsyncClient
    state: Path

    def auth(self, key: str | None = None) -> dict[str, str]:
        """The header that authenticates; by default with the live key."""
        return {"authorization": f"Bearer {key or self.live_key}"}

    async def chat(
        self, body: Mapping[str, object] | None = None, **headers: str
    ) -> httpx.Response:
        """A small chat completion with the live key."""
        call = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Merhaba"}]}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(
            "/v1/chat/completions", json={**call, **(body or {})}, headers=self.auth() | sent
        )


@asynccontextmanager
async def running(
    folder: Path,
    *,
    keys: Mapping[str, KeyPlan] | None = None,
    settings: str = "",
    server: str = "",
    fast: str | None = None,
) -> AsyncIterator[Running]:
    """Runs a gateway whose keys are the simulator's; `settings` is more TOML for its configuration, `server`
    more of its `[server]`, `fast` which parts are our own."""
    plans = keys or {"one": QUICK, "two": QUICK}
    simulator = Simulator(plans=plans, rng=random.Random(1))
    said: list[str] = []
    async with trio.open_nursery() as nursery:
        address = await nursery.start(simulator.serve)
        config = folder / "hedgerow.toml"
        config.write_text(_config(address, list(plans), folder, server) + settings)
        parts = os.environ.get("HEDGEROW_FAST", "") if fast is None else fast
        loaded = load_config(config, {"HEDGEROW_FAST": parts}, folder)
        run = partial(serve, loaded, said.append, rng=random.Random(1))
        base_url = await nursery.start(run)
        live, test = re.findall(r"(pk_\w+)   ", said[0])
        async with httpx.AsyncClient(base_url=base_url, timeout=30, trust_env=False) as http:
            yield Running(base_url, live, test, simulator, http, folder / "state")
        nursery.cancel_scope.cancel()


def _config(address: str, keys: list[str], folder: Path, server: str) -> str:
    lines = [
        "[server]",
        'bind = "127.0.0.1:0"',
        server,
        "[state]",
        f'url = "file:{folder / "state"}"',
    ]
    for key in keys:
        lines += [
            f"[providers.{key}]",
            'kind = "simulator"',
            f'base_url = "{address}"',
            f'keys = ["{key}"]',
        ]
    return "\n".join(lines) + "\n"
