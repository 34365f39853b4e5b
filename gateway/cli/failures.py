"""Expected failures, told in a line or two instead of a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cyclopts import CycloptsError

from gateway.config_errors import ConfigErrors
from state.errors import StateError

FAILED, USAGE = 1, 2

EXTRAS = {"numpy": "tune", "matplotlib": "plots", "pyarrow": "parquet"}
"""Packages that only some verbs need, by the extra that brings them."""

INTERRUPTED = 130
"""What a shell reports of a program that Ctrl-C ended."""


@contextmanager
def told() -> Iterator[None]:
    """Turns the failures a user can do something about into a message and an exit code."""
    try:
        yield
    except BaseException as error:
        _tell(alone(error))
        raise


def alone(error: BaseException) -> BaseException:
    """The error itself, where nurseries on its way have put it into groups of one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _tell(error: BaseException) -> None:
    """Exits with a message; returns where the failure is not one that is expected."""
    if isinstance(error, KeyboardInterrupt):
        sys.exit(INTERRUPTED)  # whoever pressed the keys knows
    if isinstance(error, CycloptsError):
        sys.exit(USAGE)  # already printed, with the usage
    if isinstance(error, ConfigErrors):
        _exit(USAGE, str(error))
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        extra = f"hedgerow[{EXTRAS[error.name]}]"
        _exit(USAGE, f"this needs {error.name}, which is not installed: pip install '{extra}'")
    if isinstance(error, StateError | OSError):
        _exit(FAILED, str(error))


def _exit(code: int, message: str) -> None:
    print(f"hedgerow: {message}", file=sys.stderr)
    sys.exit(code)
