"""The tuner's file."""

from pathlib import Path

import attrs
import pytest

from benchmarks.tuner.policy_file import Found, policy_file
from gateway.learned_file import read_learned
from policies.learned import Rule
from tests.benchmarks.tuner.test_advice import ALONE, ANSWER


def test_the_gateway_loads_what_the_tuner_writes(tmp_path: Path) -> None:
    """A rule for each kind; "off" where that is best; nothing where nothing is recommended."""
    found = [
        Found("gpt-4o-mini", "1k", ANSWER),
        Found('odd "model"\\', None, attrs.evolve(ANSWER, chosen=ALONE)),
        Found("unknown", None, attrs.evolve(ANSWER, chosen=None)),
    ]
    path = tmp_path / "policy.toml"

    path.write_text(policy_file(found, ["written by a test"]))

    some, off = read_learned(path, "policy.toml").rules
    assert some.delay == pytest.approx(0.82)
    assert attrs.evolve(some, delay=None) == Rule(None, 0.64, "gpt-4o-mini", "1k")
    assert off == Rule(None, 1.0, 'odd "model"\\', None)
    assert path.read_text().startswith("# written by a test\n")
