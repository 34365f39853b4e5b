"""Experiments in the configuration file."""

from pathlib import Path

import pytest

from gateway.config import Config, ExperimentConfig
from gateway.config_errors import ConfigErrors
from gateway.config_file import load

REST = """
[policies.quick]
hedge = { policy = "fixed", delay = "1s" }
[experiments.try]
models = ["gpt-*"]
policy = "quick"
"""


def read(folder: Path, text: str) -> Config:
    """The configuration of a file."""
    path = folder / "hedgerow.toml"
    path.write_text(text)
    return load(path, {})


def test_an_experiment_has_usual_shares(tmp_path: Path) -> None:
    """Half and half, drawn for each request; late is what is late when it starts."""
    (found,) = read(tmp_path, REST).experiments

    assert found == ExperimentConfig("try", ("gpt-*",), "quick", 0.5, 0.0, "request", None)


def test_every_member_arrives(tmp_path: Path) -> None:
    """Shares in percent, durations as people write them."""
    text = REST + 'share = "20%"\ncontrol = 0.1\nby = "project"\nthreshold = "900ms"\n'

    (found,) = read(tmp_path, text).experiments

    assert (found.share, found.control, found.by, found.threshold) == (0.2, 0.1, "project", 0.9)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("share = 1.0", "leave nothing for the models' own policy"),
        ("share = 0.6\ncontrol = 0.4", "leave nothing"),
        ("share = 0", "experiments.try.share"),
        ('by = "moon"', "experiments.try.by"),
        ('polcy = "x"', "polcy"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    """As every mistake of the file is."""
    with pytest.raises(ConfigErrors, match=said):
        read(tmp_path, REST + line + "\n")


def test_a_policy_must_be_one_of_the_file(tmp_path: Path) -> None:
    """With a hint."""
    with pytest.raises(ConfigErrors, match=r"experiments\.try\.policy"):
        read(tmp_path, REST.replace('policy = "quick"', 'policy = "quik"'))
