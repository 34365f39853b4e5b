"""The experiments that the journal tells of."""

import itertools
from pathlib import Path

from state import Store, look
from state.experiment_records import (
    ExperimentStarted,
    ExperimentStopped,
    ExperimentVerdict,
    PolicyApplied,
)
from state.experiments import Experiments
from state.records import (
    ControlRecord,
)


def begun(name: str = "e", ts: int = 10, policy: str = "p") -> ExperimentStarted:
    """An experiment's beginning."""
    return ExperimentStarted(name, ("gpt-*",), "{}", policy, 0.5, 900.0, 5_000.0, ts=ts)


def fold(*records: ControlRecord) -> Experiments:
    """What is known after these, in this order."""
    made = Experiments()
    for seq, record in enumerate(records):
        made.apply(record, (record.ts, "cli", seq if record.ts else 0))
    return made


def test_an_experiment_runs_until_it_is_stopped() -> None:
    """And again when it is started again: then its old verdict counts no longer."""
    verdict = ExperimentVerdict("e", "worse", "why", (1, 2), (0, 1), 30.0, ts=19)
    told = fold(begun(), verdict, ExperimentStopped("e", "worse", ts=20))

    assert told.running == ()
    assert told.verdict("e") == verdict

    again = fold(begun(), verdict, ExperimentStopped("e", "worse", ts=20), begun(ts=30, policy="q"))

    assert [each.policy for each in again.running] == ["q"]
    assert (again.stopped("e"), again.verdict("e")) == (None, None)


def test_what_was_applied_is_in_force_until_it_is_taken_back() -> None:
    """The latest comes first."""
    told = fold(
        PolicyApplied(("gpt-*",), "one", "e", ts=1),
        PolicyApplied(("*",), "two", "f", ts=2),
        PolicyApplied(("gpt-*",), "", "e", ts=3),
        PolicyApplied(("o1",), "three", "g", ts=4),
    )

    assert [each.policy for each in told.applied] == ["three", "two"]


def test_the_order_of_reading_several_logs_changes_nothing() -> None:
    """Every order of the same records folds to the same; nothing is known of what never began."""
    records = [
        begun(),
        ExperimentStopped("e", "by hand", ts=11),
        begun("f", ts=12),
        PolicyApplied(("*",), "two", "f", ts=13),
    ]

    folds = []
    for order in itertools.permutations(records):
        made = Experiments()
        for record in order:
            made.apply(record, (record.ts, "cli", 0))
        folds.append(made)

    assert all(each == folds[0] for each in folds)
    assert folds[0].names == ("e", "f")
    assert folds[0].started("nobody") is None


def test_they_are_known_again_after_a_restart(tmp_path: Path) -> None:
    """From the journal alone, read line by line or by its summaries."""
    with Store.open(tmp_path, "cli") as store:
        store.commit_now(begun(ts=0))
        store.commit_now(PolicyApplied(("*",), "two", "e"))

    for summaries in (True, False):
        told = look(tmp_path, summaries=summaries).indexes.experiments
        assert [each.experiment for each in told.running] == ["e"]
        assert [each.policy for each in told.applied] == ["two"]
