"""Where a failure stops: it ends the connection it happened on, and is written down once.

The log gets the kind of the error and the lines of code it passed, never its message or values: those may
hold what a client sent.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger("gateway.front")


def _always_an_error() -> int:
    return logging.ERROR


@contextmanager
def barrier(what: str, level: Callable[[], int] = _always_an_error) -> Iterator[None]:
    """Logs any error of the block and swallows it; cancellation and the end of the process pass.

    `level` is asked when an error has come.
    """
    try:
        yield
    except* Exception as errors:  # noqa: BLE001 - catching everything is what a barrier is for
        found = "; ".join(map(_describe, _leaves(errors)))
        logger.log(level(), "%s failed: %s", what, found)


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
