"""The application's start and end, around everything it serves."""

import trio
from hypercorn.trio.lifespan import Lifespan as HypercornLifespan
from hypercorn.typing import ASGISendEvent
from hypercorn.utils import LifespanTimeoutError

from gateway.front.barrier import logger
from gateway.front.site import Site

PATIENCE = 1.5
"""Seconds past the grace time in which an application may finish its shutdown."""


class StartupFailed(Exception):
    """The application refused to start; the message is its own."""


class Lifespan(HypercornLifespan):
    """Hypercorn's lifespan, which raises a failed start into the server's nursery; this one keeps it."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.app, site.config, site.state)
        self._site = site
        self._failure: str | None = None

    async def start(self, nursery: trio.Nursery) -> bool:
        """Starts the application; False if it failed, which `check` then raises."""
        await nursery.start(self.handle_lifespan)
        try:
            await self.wait_for_startup()
        except trio.ClosedResourceError:
            pass  # the application takes no part in its lifespan
        except LifespanTimeoutError as error:
            self._failure = str(error)
        return self._failure is None

    async def stop(self) -> None:
        """Lets the application finish, by the site's deadline and some patience at the latest."""
        with trio.CancelScope(deadline=self._site.deadline + PATIENCE) as clock:
            try:
                await self.wait_for_shutdown()
            except trio.ClosedResourceError:
                return  # the application ended its lifespan by itself
        if clock.cancelled_caught:
            logger.error("The application did not finish its shutdown in time")

    def check(self) -> None:
        """Raises `StartupFailed` if `start` returned False."""
        if self._failure is not None:
            raise StartupFailed(self._failure)

    async def asgi_send(self, message: ASGISendEvent) -> None:
        if message["type"] == "lifespan.startup.failed":
            self._failure = message["message"]
            self.startup.set()
        elif message["type"] == "lifespan.shutdown.failed":
            logger.error("The application failed to shut down: %s", message["message"])
            self.shutdown.set()
        else:
            await super().asgi_send(message)
