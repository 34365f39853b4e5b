"""The command line before it does anything: what it says of itself, and to words that it does not know."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.gateway_process import hedgerow


def test_it_says_its_version(tmp_path: Path) -> None:
    """One line, for programs too."""
    done = hedgerow("--version", home=tmp_path)

    assert (done.returncode, done.stdout) == (0, f"{version('hedgerow')}\n")


@pytest.mark.parametrize("words", [(), ("project",)])
def test_without_a_verb_it_lists_them(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Exit code 0, and each verb with what it does."""
    done = hedgerow(*words, home=tmp_path)

    verbs = re.findall(r"^│ ([a-z]+) +([^ │]*)", done.stdout, re.MULTILINE)
    assert done.returncode == 0
    assert {"create", "list", "rotate", "revoke"} <= {verb for verb, _ in verbs} or not words
    assert {"serve", "sim", "check", "project", "bench"} <= {verb for verb, _ in verbs} or words
    assert all(text for _, text in verbs), done.stdout


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (("chek",), '"check"'),
        (("project", "crate", "x"), '"create"'),
        (("serve", "--bnd", "127.0.0.1:0"), "--bind"),
        (("project", "create"), "NAME"),
        (("sim", "--bind", "127.0.0.1:8x"), "HOST:PORT"),
    ],
)
def test_what_it_does_not_understand_is_a_mistake_in_the_usage(
    tmp_path: Path, words: tuple[str, ...], suggestion: str
) -> None:
    """Exit code 2, the way out on standard error, and nothing was done."""
    done = hedgerow(*words, home=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert suggestion in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
