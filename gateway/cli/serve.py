"""`hedgerow serve`: the gateway; and how every verb finds its configuration."""

import os
import random
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import trio
from cyclopts import Parameter

from gateway.cli.failures import told
from gateway.config import Config
from gateway.environment import load_config

if TYPE_CHECKING:
    from gateway.workers.worker import Worker

ConfigFile = Annotated[
    Path | None, Parameter(help="The configuration file; default hedgerow.toml if there is one.")
]


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
