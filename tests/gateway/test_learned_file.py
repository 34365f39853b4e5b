"""The file of a learned policy."""

import hashlib
from pathlib import Path

import pytest

from gateway.config_errors import ConfigError
from gateway.config_reader import explain
from gateway.learned_file import read_learned
from policies.features import Scope
from policies.learned import Learned, Rule

EVERYTHING = """
version = 1

[[rules]]
model = "gemini-2.0-flash"
size = "4k"
warm = false
delay = "750ms"
probability = 0.64

[[rules]]
delay = "off"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "learned.toml"


def told(path: Path, text: str) -> list[ConfigError]:
    """What is wrong with the text, as the configuration's errors."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Exception) as refused:
        read_learned(path, "learned.toml")
    return list(explain(refused.value, "here"))


def test_every_member_of_a_rule_arrives(path: Path) -> None:
    """What is left out matches all; the source names the content and not the place."""
    path.write_text(EVERYTHING, encoding="utf-8")
    learned = read_learned(path, "learned.toml")
    source = f"sha256:{hashlib.sha256(EVERYTHING.encode()).hexdigest()[:12]}"
    first = Rule(0.75, 0.64, "gemini-2.0-flash", "4k", warm=False)
    assert learned == Learned((first, Rule(None)), source)
    assert learned.find(Scope("gemini-2.0-flash", "4k")) == first
    assert learned.find(Scope("other", "4k")) == Rule(None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rules]]\ndelay = 1", "version: is required"),
        ("version = 2\n[[rules]]\ndelay = 1", "version: this release reads version 1"),
        ("version = true\n[[rules]]\ndelay = 1", "version: this release reads version 1"),
        ("version = 1", "rules: is required"),
        ("version = 1\nrules = []", "rules: the list is empty"),
        ("version = 1\nrules = 5", "rules: expected a list, found a whole number"),
        ("version = 1\nrules = [5]", "rules[0]: expected a table, found a whole number"),
        ("version = 1\n[[rules]]", "rules[0].delay: is required"),
        (
            "version = 1\n[[rules]]\ndelay = 'of'",
            'rules[0].delay: expected a duration like "820ms"',
        ),
        ("version = 1\n[[rules]]\ndelay = false", 'or "off", found true or false'),
        (
            "version = 1\n[[rules]]\ndelay = 1\nprobability = 0",
            "rules[0].probability: must be more",
        ),
        ("version = 1\n[[rules]]\ndelay = 1\nprobability = 1.1", "rules[0].probability: expected"),
        ("version = 1\n[[rules]]\ndelay = 1\nsize = '2k'", 'rules[0].size: "2k" is not a size'),
        ("version = 1\n[[rules]]\ndelay = 1\nwarm = 1", "rules[0].warm: expected true or false"),
        ("version = 1\n[[rules]]\ndelay = 1\nmodel = ''", "rules[0].model: expected a text"),
        ("version = 1\n[[rules]]\ndelay = 1\n[[rules]]\ndelay = 2", "the same calls as rules[0]"),
        ("version = 1\n[[rule]]\ndelay = 1\n[[rules]]\ndelay = 1", "rule: unknown key"),
        ("version = ", "is no valid TOML"),
    ],
)
def test_each_mistake_is_told_with_the_file_and_its_place_there(
    path: Path, text: str, message: str
) -> None:
    """One mistake, one error, at the place in the configuration that names the file."""
    (error,) = told(path, text)
    assert error.path == "here"
    assert error.message.startswith("learned.toml")
    assert message in error.message


def test_all_mistakes_are_told_at_once_with_what_was_meant(path: Path) -> None:
    """Suggestions included."""
    errors = told(path, "version = 0\n[[rules]]\ndelay = 'x'\n[[rules]]\ndely = 1\nsize = 'ovr'\n")
    assert [error.message.split(": ")[1] for error in errors] == [
        "version",
        "rules[0].delay",
        "rules[1].delay",
        "rules[1].size",
        "rules[1].dely",
    ]
    assert errors[3].suggestion == 'did you mean "over"?'
    assert errors[4].suggestion == 'did you mean "delay"?'


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_is_not_there_or_no_text_is_refused(path: Path, content: bytes | None) -> None:
    """In the system's own words."""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^learned\.toml (cannot be read: No such|is no valid)"):
        read_learned(path, "learned.toml")
