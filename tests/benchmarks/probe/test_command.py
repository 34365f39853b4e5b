"""`hedgerow keys probe`, with the simulator inside of it in place of providers."""

import gc
import json

import pytest

from benchmarks.probe.command import agreed
from gateway.cli import main
from gateway.config_errors import ConfigErrors

CONFIG = """
[providers.play]
kind = "simulator"

[models.small]
targets = [["play/gpt-4o-mini"]]
price = { input = 1.0, output = 10.0 }
"""


@pytest.fixture
def probe(tmp_path, capsys):
    """Runs `hedgerow keys probe` on this configuration; gives its exit code and what it said."""
    file = tmp_path / "hedgerow.toml"
    file.write_text(CONFIG)

    def run(*words):
        with pytest.raises(SystemExit) as caught:
            main(("keys", "probe", *words, "--config", str(file)))
        return caught.value.code, *capsys.readouterr()

    thresholds = gc.get_threshold()  # a process of its own would not mind
    yield run
    gc.set_threshold(*thresholds)


@pytest.mark.slow
def test_rounds_are_made_once_they_are_agreed_to(probe):
    """What it costs comes first, on standard error; then each key, and that this is too little to tell."""
    code, out, err = probe("--rounds", "2", "--every", "10ms", "--yes")
    assert code == 0
    assert err.startswith(
        "6 calls (2 rounds, 3 keys), at most $0.000252 by the configured prices\n"
    )
    assert [line.split()[0] for line in out.splitlines()[1:4]] == [
        "play-steady",
        "play-spiky",
        "play-limited",
    ]
    assert "2 rounds are too few" in out
    assert out.endswith("# The configured domains fit what was seen.\n")


@pytest.mark.slow
def test_programs_get_everything(probe):
    """All calls, all pairs, the groups; and no credential among them."""
    code, out, _ = probe("small", "--rounds", "2", "--every", "10ms", "--yes", "--json")
    told = json.loads(out)
    assert code == 0
    assert len(told["rounds"]) == 2
    assert len(told["pairs"]) == 3
    assert told["domains"] == [["play-steady"], ["play-spiky"], ["play-limited"]]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nothing-like-it", "--yes"), "MODEL: no key has this model"),
        (("--yes", "--budget-usd", "0.0001"), "--budget-usd: a round costs up to $0.000126"),
        (("small",), "--yes: is needed where nobody can be asked"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(probe, words, why):
    """Nothing is called then."""
    code, out, err = probe(*words)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"hedgerow: {why}")


def test_a_person_is_asked(capsys):
    """Anything but a yes is a no; without a person it has to be said in advance."""
    assert agreed(["10 calls"], yes=False, ask=lambda _question: "y")
    assert not agreed(["10 calls"], yes=False, ask=lambda _question: "")
    assert agreed(["10 calls"], yes=True, ask=None)
    with pytest.raises(ConfigErrors):
        agreed(["10 calls"], yes=False, ask=None)
    assert capsys.readouterr().err == "10 calls\n" * 4
