"""`hedgerow serve` and `hedgerow sim`: the long-running verbs."""

import os
import random
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import trio
from cyclopts import Parameter

from gateway import log
from gateway.config import Config
from gateway.environment import load_config
from gateway.quantities import parse_bind
from gateway.serve import serve as serve_gateway
from providers.simulator.run import run as simulate

ConfigFile = Annotated[
    Path | None, Parameter(help="The configuration file; default hedgerow.toml if there is one.")
]
Profile = Literal["tight", "typical", "spiky", "heavy", "instant"]


def serve(
    *,
    config: ConfigFile = None,
    bind: Annotated[str | None, Parameter(help="Where to listen, as HOST:PORT.")] = None,
    state: Annotated[str | None, Parameter(help="Where the journal lives, as file:FOLDER.")] = None,
) -> None:
    """Run the gateway."""
    loaded = load(config, bind=bind, state=state)
    log.configure()
    say = partial(print, flush=True)
    trio.run(partial(serve_gateway, loaded, say, rng=random.Random()))


def sim(
    *,
    bind: Annotated[str, Parameter(help="Where to listen, as HOST:PORT.")] = "127.0.0.1:8499",
    profile: Annotated[Profile, Parameter(help="How its latencies are distributed.")] = "typical",
    seed: Annotated[int, Parameter(help="Makes the run repeatable.")] = 1,
    scale: Annotated[float, Parameter(help="Multiplies all its times.")] = 1.0,
) -> None:
    """Run fake providers that speak the real wire formats."""
    host, port = parse_bind(bind)
    trio.run(partial(_simulate, partial(simulate, host, port, profile, seed, scale=scale)))


async def _simulate(run: Callable[..., Awaitable[None]]) -> None:
    async with trio.open_nursery() as nursery:
        url = await nursery.start(run)
        print(f"Simulated OpenAI {url}/v1, Gemini {url}/v1beta, Anthropic {url}", flush=True)
        print(f"Any credential is a key; what each did: {url}/_sim/ledger", flush=True)
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                nursery.cancel_scope.cancel()


def load(path: Path | None, *, bind: str | None = None, state: str | None = None) -> Config:
    """The configuration that a verb works with.

    Raises:
        ConfigErrors: everything that is wrong with it.
    """
    return load_config(path, os.environ, Path.cwd(), bind=bind, state=state)
