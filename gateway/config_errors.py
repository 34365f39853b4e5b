"""What is wrong with a configuration: every mistake with its place, all of them at once.

No message ever holds a credential, whole or in part.
"""

import json
import re
from collections.abc import Iterable

import attrs

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@attrs.frozen
class ConfigError:
    """One mistake.

    `path` is where it was made: `models."gpt-4.1".targets[0]`, an environment variable, a
    command-line option or a file's name. `suggestion` is what to write instead, where known.
    """

    path: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        told = f"{self.path}: {self.message}"
        return f"{told} ({self.suggestion})" if self.suggestion else told


class ConfigErrors(Exception):
    """The configuration cannot be used. `errors` are all the mistakes, each once."""

    def __init__(self, errors: Iterable[ConfigError]) -> None:
        self.errors = tuple(dict.fromkeys(errors))
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class Mistake(ValueError):
    """Raised by whatever reads one value: it knows what is wrong, its caller knows where.

    `at` is the way from the value to the part of it that is meant, where that is not the whole.
    """

    def __init__(
        self, message: str, suggestion: str | None = None, *, at: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(message)
        self.suggestion = suggestion
        self.at = at


def join_path(path: str, step: str | int) -> str:
    """The path one step deeper, as TOML would write it: `a.b`, `a."b.c"`, `a[0]`."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    name = step if _BARE_KEY.fullmatch(step) else json.dumps(step, ensure_ascii=False)
    return f"{path}.{name}" if path else name
