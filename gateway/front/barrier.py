"""Where a failure stops: it ends the connection it happened on, and is written down once.

The log gets the kind of the error and the lines of code it passed, never its message or values: those may
hold what a client sent.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType

logger = logging.getLogger("gateway.front")


def _always_an_error() -> int:
    return logging.ERROR


class barrier:  # noqa: N801 - reads as a block, `with barrier(...)`
    """Logs any error of the block and swallows it; cancellation and the end of the process pass.

    `level` is asked when an error has come.
    """

    def __init__(self, what: str, level: Callable[[], int] = _always_an_error) -> None:
        self._what, self._level = what, level

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            return False
        ours, others = _parted(error)
        if ours is not None:
            found = "; ".join(map(_describe, _leaves(ours)))
            logger.log(self._level(), "%s failed: %s", self._what, found)
        if ours is not None and others is not None:
            raise others
        return others is None


def _parted(error: BaseException) -> tuple[BaseException | None, BaseException | None]:
    """What is an error, and what must pass."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(Exception)
    return (error, None) if isinstance(error, Exception) else (None, error)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in error.exceptions:
        yield from _leaves(inner)


def _describe(error: BaseException) -> str:
    kind = type(error)
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{kind.__module__}.{kind.__qualname__} at\n{frames}"
