"""Expected failures, told in a line or two instead of a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cyclopts import CycloptsError

from gateway.config_errors import ConfigErrors
from state.errors import StateError

FAILED, USAGE = 1, 2


@contextmanager
def told() -> Iterator[None]:
    """Turns the failures a user can do something about into a message and an exit code."""
    try:
        yield
    except CycloptsError:
        sys.exit(USAGE)  # already printed, with the usage
    except ConfigErrors as error:
        _exit(USAGE, str(error))
    except (StateError, OSError) as error:
        _exit(FAILED, str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _exit(code: int, message: str) -> None:
    print(f"hedgerow: {message}", file=sys.stderr)
    sys.exit(code)
