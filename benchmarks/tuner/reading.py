"""Logs to arrays: every segment in a process of its own, for reading them is work for the processor."""

import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

import attrs
import numpy as np

from benchmarks.tuner.curves import Flags, Floats, Ints
from benchmarks.tuner.lanes import COLUMNS, row
from benchmarks.tuner.samples import Samples
from policies.features import SIZES, size
from state.records import PolicyInForce, RequestEnded
from state.scan import ScannedRequest, scan, segment_files

LOSERS = "losers not recorded"
"""Why a request is left out of which only the winner is in the log: that log cannot be trusted."""

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many segments of how many are read."""

WIDTH = len(COLUMNS) + 3
SIZE_NAMES = (*(name for _, name in SIZES), "over")
_SIZE = {name: float(place) for place, name in enumerate(SIZE_NAMES)}


@attrs.frozen(eq=False)
class Recording:
    """What logs tell: a row a request, in the order of arrival.

    `numbers` has the columns of `lanes.COLUMNS`, then the places of its model, size of prompt and policy in
    `models`, `reading.SIZE_NAMES` and `policy_ids`. `left_out` counts requests of which nothing is learnt, by
    why. `policies` are those in force, by id.
    """

    numbers: Floats
    models: tuple[str, ...]
    policy_ids: tuple[str, ...]
    policies: dict[str, PolicyInForce]
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.numbers)

    def column(self, name: str) -> Floats:
        """One column of all requests; see `lanes.COLUMNS`."""
        return self.numbers[:, COLUMNS.index(name)]

    @property
    def model(self) -> Ints:
        """The place of each primary's upstream model in `models`."""
        return self.numbers[:, -3].astype(np.int64)

    @property
    def size(self) -> Ints:
        """The place of each prompt's size in `SIZE_NAMES`."""
        return self.numbers[:, -2].astype(np.int64)

    @property
    def policy(self) -> Ints:
        """The place of each request's policy in `policy_ids`."""
        return self.numbers[:, -1].astype(np.int64)

    def only(self, rows: Flags) -> "Recording":
        """Some of the requests."""
        return attrs.evolve(self, numbers=self.numbers[rows])

    @property
    def samples(self) -> Samples:
        """The requests as samples of how long calls take."""
        return Samples(
            at=self.column("at"),
            first=self.column("first"),
            seen=self.column("seen") > 0.0,
            delay=self.column("delay"),
            second=self.column("second"),
            second_seen=self.column("second_seen") > 0.0,
            ttft=self.column("ttft"),
            arm=self.column("arm").astype(np.int64),
            hedged=self.column("hedged") > 0.0,
            planned=self.column("planned"),
        )


def read(places: Sequence[Path], progress: Progress = lambda _done, _all: None) -> Recording:
    """All that these logs tell of live chats.

    Raises:
        OSError: a place has no log, or cannot be read.
        StateDamaged: a line in it is not as it was written.
    """
    files = segment_files(places)
    parts = []
    for part in _parts(files):
        parts.append(part)
        progress(len(parts), len(files))
    return _joined(parts)


def _parts(files: Sequence[Path]) -> Iterator[Recording]:
    processes = min(len(files), len(os.sched_getaffinity(0)))
    if processes < 2:
        yield from map(read_segment, files)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(read_segment, files)


def read_segment(file: Path) -> Recording:
    """What one segment tells."""
    return collect(scan(file))


def collect(records: Iterable[ScannedRequest | RequestEnded | PolicyInForce]) -> Recording:
    """What these records tell, in their order."""
    rows = array("d")
    models: dict[str, float] = {}
    ids: dict[str, float] = {}
    policies: dict[str, PolicyInForce] = {}
    left_out: dict[str, int] = {}
    for record in records:
        if isinstance(record, PolicyInForce):
            policies[record.policy_id] = record
            continue
        why = _unfit(record)
        made = None if why else row(record)
        if made is None:
            left_out[why or "failed"] = left_out.get(why or "failed", 0) + 1
            continue
        model = models.setdefault(record.attempts[0].model, float(len(models)))
        policy = ids.setdefault(record.policy_id, float(len(ids)))
        rows.extend((*made, model, _SIZE[size(record.prompt_estimate)], policy))
    numbers = np.frombuffer(rows).reshape(-1, WIDTH).copy()
    return Recording(numbers, tuple(models), tuple(ids), policies, left_out)


def _unfit(request: ScannedRequest | RequestEnded) -> str | None:
    """Why nothing is to be learnt of this request, as its kind says; None: it is fit."""
    if request.environment != "live":
        return "test mode"
    if request.operation != "chat":
        return request.operation
    if request.unhedgeable is not None:
        return "not hedgeable"
    alone = len(request.attempts) == 1
    return (
        LOSERS
        if alone and (request.hedged != "no" or request.attempts[0].role != "primary")
        else None
    )


def _joined(parts: Sequence[Recording]) -> Recording:
    models = sorted({name for part in parts for name in part.models})
    ids = sorted({name for part in parts for name in part.policy_ids})
    tables = []
    for part in parts:
        numbers = part.numbers
        numbers[:, -3] = _places(part.models, models)[part.model]
        numbers[:, -1] = _places(part.policy_ids, ids)[part.policy]
        tables.append(numbers)
    numbers = np.concatenate(tables) if tables else np.empty((0, WIDTH))
    left_out: dict[str, int] = {}
    for part in parts:
        for why, count in part.left_out.items():
            left_out[why] = left_out.get(why, 0) + count
    return Recording(
        numbers[np.argsort(numbers[:, 0], kind="stable")],
        tuple(models),
        tuple(ids),
        {key: policy for part in parts for key, policy in part.policies.items()},
        left_out,
    )


def _places(names: Sequence[str], all_names: Sequence[str]) -> Floats:
    return np.array([all_names.index(name) for name in names], dtype=float)
