"""`hedgerow serve` and `hedgerow sim`: the long-running verbs."""

import os
import random
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import trio
from cyclopts import Parameter

from gateway.cli.failures import alone, told
from gateway.config import Config
from gateway.config_errors import ConfigError, ConfigErrors
from gateway.environment import load_config
from gateway.quantities import parse_bind

if TYPE_CHECKING:
    from gateway.workers.worker import Worker

ConfigFile = Annotated[
    Path | None, Parameter(help="The configuration file; default hedgerow.toml if there is one.")
]
Profile = Literal["tight", "typical", "spiky", "heavy", "instant"]


def serve(
    *,
    config: ConfigFile = None,
    bind: Annotated[str | None, Parameter(help="Where to listen, as HOST:PORT.")] = None,
    state: Annotated[str | None, Parameter(help="Where the journal lives, as file:FOLDER.")] = None,
    workers: Annotated[
        str | None, Parameter(help="How many processes serve together; default 1.")
    ] = None,
) -> int:
    """Run the gateway."""
    from gateway import log  # noqa: PLC0415 - other verbs need none of this
    from gateway.descriptors import raise_limit  # noqa: PLC0415
    from gateway.serve import serve as serve_gateway  # noqa: PLC0415
    from gateway.workers.share import share  # noqa: PLC0415
    from gateway.workers.supervisor import supervise  # noqa: PLC0415

    loaded = load(config, bind=bind, state=state, workers=workers)
    log.configure()
    raise_limit()
    say = partial(print, flush=True)

    def run(config: Config, worker: "Worker | None" = None) -> None:
        trio.run(partial(serve_gateway, config, say, rng=random.Random(), worker=worker))

    def work(worker: "Worker") -> None:
        log.stamp(worker=worker.number)
        with told():
            run(share(loaded), worker)

    if loaded.server.workers > 1:
        return supervise(loaded, say, work)
    run(loaded)
    return 0


def sim(
    *,
    bind: Annotated[str, Parameter(help="Where to listen, as HOST:PORT.")] = "127.0.0.1:8499",
    profile: Annotated[Profile, Parameter(help="How its latencies are distributed.")] = "typical",
    seed: Annotated[int, Parameter(help="Makes the run repeatable.")] = 1,
    scale: Annotated[float, Parameter(help="Multiplies all its times.")] = 1.0,
) -> None:
    """Run fake providers that speak the real wire formats."""
    from providers.simulator.run import run as simulate  # noqa: PLC0415 - other verbs need none of it

    try:
        host, port = parse_bind(bind)
    except ValueError as problem:
        raise ConfigErrors([ConfigError("--bind", str(problem))]) from None
    trio.run(partial(_simulate, partial(simulate, host, port, profile, seed, scale=scale), bind))


async def _simulate(run: Callable[..., Awaitable[None]], bind: str) -> None:
    async with trio.open_nursery() as nursery:
        url = await _started(nursery, run, bind)
        print(f"Simulated OpenAI {url}/v1, Gemini {url}/v1beta, Anthropic {url}", flush=True)
        print(f"Any credential is a key; what each did: {url}/_sim/ledger", flush=True)
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                nursery.cancel_scope.cancel()


async def _started(nursery: trio.Nursery, run: Callable[..., Awaitable[None]], bind: str) -> str:
    """The simulator's address; the system's word for why there is none does not name it."""
    try:
        url: str = await nursery.start(run)
    except (OSError, ExceptionGroup) as error:
        cause = alone(error)
        if isinstance(cause, OSError):
            raise OSError(f"Cannot listen on {bind}: {cause.strerror or cause}") from error
        raise
    return url


def load(
    path: Path | None,
    *,
    bind: str | None = None,
    state: str | None = None,
    workers: str | None = None,
) -> Config:
    """The configuration that a verb works with.

    Raises:
        ConfigErrors: everything that is wrong with it.
    """
    return load_config(path, os.environ, Path.cwd(), bind=bind, state=state, workers=workers)
