"""What all connections of one front share: the application, the settings, and whether it is stopping."""

import math
from typing import Any

import attrs
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework

from gateway.front.barrier import logger
from gateway.front.idle import IdleClock
from gateway.front.settings import FrontSettings, hypercorn_config

ASGIApp = ASGIFramework


def _wrap(app: ASGIApp) -> ASGIWrapper:
    return ASGIWrapper(app)


@attrs.define(eq=False)
class Site:
    """One front. `deadline` is on Trio's clock: when running requests are cut; infinite until a stop.

    `state` is what the application's lifespan put up for its requests.
    """

    app: ASGIWrapper = attrs.field(converter=_wrap)
    settings: FrontSettings
    config: Config = attrs.field(factory=lambda: hypercorn_config(logger), repr=False)
    state: dict[str, Any] = attrs.field(factory=dict, repr=False)
    deadline: float = math.inf
    idle: IdleClock = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.idle = IdleClock(self.settings.keep_alive)

    @property
    def draining(self) -> bool:
        """Whether no further requests are wanted."""
        return self.deadline < math.inf
