"""Mistakes and their places."""

from functools import reduce

import pytest

from gateway.config_errors import ConfigError, ConfigErrors, join_path


def test_all_mistakes_are_listed_one_a_line_each_once():
    """The text of the exception is what a terminal shows."""
    first = ConfigError("server.prot", "unknown key", 'did you mean "port"?')
    second = ConfigError("models", "expected a table, found a list")
    errors = ConfigErrors([first, second, first])
    assert errors.errors == (first, second)
    assert str(errors).splitlines() == [
        'server.prot: unknown key (did you mean "port"?)',
        "models: expected a table, found a list",
    ]


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (("models", "gemini-2.0-flash", "targets", 0), 'models."gemini-2.0-flash".targets[0]'),
        (("models", "gpt-4", "targets", 1, 2), "models.gpt-4.targets[1][2]"),
        (("projects", 'a "b"'), r'projects."a \"b\""'),
        (("projects", "müşteri"), 'projects."müşteri"'),
        (("providers", ""), 'providers.""'),
    ],
)
def test_paths_are_written_as_toml_writes_keys(steps: tuple[str | int, ...], path: str):
    """A path can be pasted into a search of the file."""
    assert reduce(join_path, steps, "") == path
