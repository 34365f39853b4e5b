"""Logs to arrays."""

from pathlib import Path

import attrs
import numpy as np

from benchmarks.tuner.reading import LOSERS, collect, read
from state import Store
from tests.benchmarks.virtual import MODEL, journal, raced


def test_a_log_of_the_real_race_is_read_whole(tmp_path: Path) -> None:
    """Every request once, in the order of arrival, from as many segments as there are."""
    state = journal(tmp_path / "state", "spiky", 1_000)
    _, records = raced("spiky", 1_000)
    told: list[tuple[int, int]] = []

    recording = read([state], lambda done, of: told.append((done, of)))

    assert len(recording) == 1_000
    assert recording.models == (MODEL,)
    assert (np.diff(recording.column("at")) >= 0.0).all()
    assert recording.column("hedged").sum() == sum(
        record.hedged != "no" and record.arm != "dual" for record in records
    )
    assert told == [(1, 1)]
    assert list(recording.policies) == list(recording.policy_ids)


def test_several_logs_are_one_recording(tmp_path: Path) -> None:
    """Two writers with names of their own: the models are told apart."""
    state = journal(tmp_path / "state", "spiky", 200)
    other = attrs.evolve(raced("spiky", 200)[1][0])
    renamed = tuple(attrs.evolve(each, model="another") for each in other.attempts)
    with Store.open(state, "serve-2") as store:
        store.post(attrs.evolve(other, attempts=renamed))

    recording = read([state])

    assert set(recording.models) == {MODEL, "another"}
    assert np.bincount(recording.model).tolist() == [
        201 - 200 if name == "another" else 200 for name in recording.models
    ]


def test_what_cannot_be_learnt_from_is_counted() -> None:
    """Test mode, other operations, calls that must not be hedged, races without their losers."""
    plain = next(r for r in raced("spiky", 200)[1] if len(r.attempts) == 1)
    records = [
        plain,
        attrs.evolve(plain, environment="test"),
        attrs.evolve(plain, operation="embeddings"),
        attrs.evolve(plain, unhedgeable="tools"),
        attrs.evolve(plain, hedged="lost"),
        attrs.evolve(plain, attempts=()),
    ]

    recording = collect(records)

    assert len(recording) == 1
    assert recording.left_out == {
        "test mode": 1,
        "embeddings": 1,
        "not hedgeable": 1,
        LOSERS: 1,
        "failed": 1,
    }
