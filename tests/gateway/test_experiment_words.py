"""What an experiment has come to, in words."""

from pathlib import Path

from gateway.experiment_words import report
from gateway.watch import Watched, facts_of
from state.experiment_records import ExperimentStopped, ExperimentVerdict
from state.experiments import Experiments
from tests.gateway.test_watch import BEGUN, traffic


def test_both_sides_are_shown_with_what_is_known_of_them(tmp_path: Path) -> None:
    """Requests, late ones, quantiles; by how much the p99 differs; what was predicted."""
    told = Experiments()
    told.apply(BEGUN, (1, "cli", 0))
    watched = Watched.of(BEGUN, tmp_path)
    for record in traffic(3_000):
        facts = facts_of(record)
        assert facts is not None
        watched.judge.hear(facts)
    verdict = ExperimentVerdict("e", "better", "why", (1, 2), (0, 1), 30.0, off=-0.1, ts=2)
    told.apply(verdict, (2, "serve", 0))
    told.apply(ExperimentStopped("e", "better: why", ts=3), (3, "serve", 1))

    found = report(told, "e", watched)
    text = "\n".join(found.lines())

    assert text.startswith("e: p, ended: better: why")
    assert [side.side for side in found.sides] == ["incumbent", "candidate"]
    assert found.ratio[1] < 1.0
    assert found.p99_gain is not None
    assert found.p99_gain[0] > 2_000.0
    assert "-10.0 % off what was predicted" in text


def test_at_the_beginning_nothing_is_known(tmp_path: Path) -> None:
    """No sides, evidence of one."""
    told = Experiments()
    told.apply(BEGUN, (1, "cli", 0))

    found = report(told, "e", Watched.of(BEGUN, tmp_path))

    assert (found.state, found.sides, found.evidence) == ("running", (), 1.0)
    assert found.p99_gain is None
