"""The only door to the state: open it, change it, ask its indexes.

    with Store.open(folder) as store:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await store.commit(ProjectCreated("demo", ("gemini-*",)))  # durable when it returns
            store.post(RequestEnded(...))        # survives a kill now, a power cut in 20 ms
            store.tell(KeyStateChanged(...))     # may be lost, which is counted
            store.indexes.projects["demo"]

A process writes one log of the state and follows the others, so all see what each one writes. A store
belongs to one thread.
"""

from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs
import trio

from state import codec
from state.errors import StoreUnavailable
from state.follow import Follower
from state.indexes import Indexes
from state.lock import Claim, claim_free, claim_turn
from state.log import Log
from state.options import Options, Statistics
from state.records import ControlRecord, CountedRequest, Dropped, Readable, Record
from state.recovery import recover
from state.summaries import Summaries
from state.syncer import DEADLINE, Syncer
from state.tail import Apply, Tail
from state.telemetry import Telemetry

_TOLD_AT_ONCE = 1000


@attrs.define(eq=False)
class Store:
    """One process's place in a state: a log of its own, and the indexes of all logs.

    Made by `open`.
    """

    indexes: Indexes
    options: Options
    _claim: Claim
    _tail: Tail
    _log: Log
    _follower: Follower
    _summaries: Summaries
    _syncer: Syncer = attrs.field(init=False)
    _telemetry: Telemetry = attrs.field(init=False)
    _held: deque[tuple[int, Readable]] = attrs.field(factory=deque, init=False)
    _latest_change: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._syncer = Syncer(self._log, self.options.sync_interval, self._apply_durable)
        self._telemetry = Telemetry(self.options.tell_bound)

    @classmethod
    def open(cls, folder: Path, writer: str = "serve", options: Options | None = None) -> "Store":
        """Take a log, make it whole, and fold every log of the state. Blocks.

        The log is the first free of `writer`, `writer-2`, …; but "cli" waits for its turn at the one
        log of that name. Raises StateDamaged, StateLocked, StoreUnavailable.
        """
        options = options or Options()
        logs = folder / "logs"
        try:
            if writer == "cli":
                claim = claim_turn(logs, writer, options.disk, options.patience)
            else:
                claim = claim_free(logs, writer, options.disk)
            return cls._opened(folder, claim, options)
        except OSError as error:
            raise StoreUnavailable(f"the state in {folder} cannot be opened: {error}") from error

    @classmethod
    def _opened(cls, folder: Path, claim: Claim, options: Options) -> "Store":
        indexes = Indexes()
        follower = Follower(folder / "logs", indexes, own=claim.name)
        tail = follower.begin(folder / "logs" / claim.name)
        summaries = Summaries(tail.at, options.disk)
        tail.apply = _both(tail.apply, summaries)
        log = Log(tail.at, options.disk, options.clock, options.segment_size)
        try:
            cut = recover(tail, folder / "quarantine", options.disk)
            follower.reports += [cut] if cut else []
            follower.replay()
            log.start()
        except BaseException:
            log.close()
            claim.release(options.disk)
            raise
        return cls(indexes, options, claim, tail, log, follower, summaries)

    async def commit(self, *records: Record) -> None:
        """Append the records together; on the disk, and in the indexes, when this returns.

        Raises RecordRefused, StoreUnavailable. Once begun, being cancelled does not take it back.
        """
        if not self._syncer.running:
            await trio.lowlevel.checkpoint()
            self.commit_now(*records)
            return
        self._held.extend(self._append(records))
        await self._syncer.durable()

    def commit_now(self, *records: Record) -> None:
        """Do as `commit` does, blocking; for programs that do not `run` the store.

        Raises RecordRefused, StoreUnavailable.
        """
        if self._syncer.running:
            raise RuntimeError("commit_now() would block the loop: use commit() while run() runs")
        self._syncer.mend_now()
        self._held.extend(self._append(records))
        self._syncer.sync_now()

    def post(self, *records: Record) -> None:
        """Append the records together; they survive the death of the process when this returns.

        Never waits for the disk, but once a segment. They survive a power cut `sync_interval` later if
        the store is run, else after `close`. Raises RecordRefused, StoreUnavailable; the records are
        then not in the log, and counted as dropped.
        """
        try:
            appended = self._append(records)
        except StoreUnavailable:
            self._telemetry.lose(len(records))
            raise
        self._apply(appended)
        self._syncer.appended()

    def tell(self, record: Record) -> None:
        """Append the record soon, or drop and count it if too many wait. Raises RecordRefused."""
        _, kept = codec.encode(record, 0, self.options.clock())
        self._telemetry.add(codec.whole(kept) if isinstance(kept, CountedRequest) else kept)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Sync, write what was told, follow the other logs; until cancelled, which flushes all."""
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._syncer.run)
                nursery.start_soon(self._keep_house)
                nursery.start_soon(self._follow)
                task_status.started()
        finally:
            self._write_all_told()
            with trio.move_on_after(DEADLINE, shield=True):
                await self._syncer.finish()

    def close(self) -> None:
        """Write what was told, sync, and leave the log to its next writer. Twice does no harm.

        Not while `run` runs. Raises StoreUnavailable if the last records could not be synced.
        """
        if self._syncer.running:
            raise RuntimeError("cancel run() before close()")
        if self._claim.released:
            return
        try:
            self._write_all_told()
            self._syncer.sync_now()
            self._summaries.write()
        finally:
            self._log.close()
            self._claim.release(self.options.disk)

    @property
    def writer(self) -> str:
        """The name of the own log."""
        return self._claim.name

    @property
    def healthy(self) -> bool:
        """Whether the last thing the disk was asked for was done."""
        return self._log.trouble is None

    @property
    def reports(self) -> tuple[str, ...]:
        """What a person should know of the logs: a sentence each, none if all is well."""
        reports = tuple(self._follower.reports)
        if not self._unknown:
            return reports
        news = (
            f"{self._unknown} records of kinds that this version does not know: kept, not counted"
        )
        return (*reports, news)

    def statistics(self) -> Statistics:
        """What the store is doing now."""
        return Statistics(
            writer=self.writer,
            written=self._log.end.seq,
            durable=self._log.durable,
            syncs=self._syncer.syncs,
            waiting=len(self._telemetry),
            unknown=self._unknown,
            trouble=self._log.trouble,
            followed=self._follower.positions(),
        )

    @property
    def _unknown(self) -> int:
        return self._tail.unknown + self._follower.unknown

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _append(self, records: tuple[Record, ...]) -> list[tuple[int, Readable]]:
        """The records as they now stand in the log, with their numbers."""
        ts, seq = self._stamp(records), self._log.end.seq
        lines, numbered = [], []
        for record in records:
            seq += 1
            line, kept = codec.encode(record, seq, ts)
            lines.append(line)
            numbered.append((seq, kept))
        if lines:
            self._log.append(b"".join(lines), len(lines))
        for seq, kept in numbered:
            self._summaries.add(kept, seq)
        if self._summaries.waiting and not self._syncer.running:
            self._summaries.write()
        return numbered

    def _stamp(self, records: tuple[Record, ...]) -> int:
        """Now; but a change is later than every change it may have seen, whatever the clocks say."""
        now = self.options.clock()
        for record in records:
            if isinstance(record, ControlRecord):
                self._latest_change = max(now, self._latest_change, self.indexes.latest_change + 1)
                return self._latest_change
        return now

    def _apply(self, appended: list[tuple[int, Readable]]) -> None:
        writer = self._claim.name
        for seq, record in appended:
            self.indexes.apply(record, writer=writer, seq=seq)

    def _apply_durable(self) -> None:
        while self._held and self._held[0][0] <= self._log.durable:
            self._apply([self._held.popleft()])

    async def _keep_house(self) -> None:
        while True:
            await trio.sleep(self.options.tell_interval)
            if self._log.broken:
                self._syncer.hurry()
            if self._summaries.waiting:
                await trio.to_thread.run_sync(self._summaries.write)
            while self._write_told():  # noqa: ASYNC110 - there is more to do, it only lets others in
                await trio.lowlevel.checkpoint()

    async def _follow(self) -> None:
        while True:
            while self._follower.poll():  # noqa: ASYNC110 - as above
                await trio.lowlevel.checkpoint()
            await trio.sleep(self.options.follow_interval)

    def _write_all_told(self) -> None:
        while self._write_told():
            pass

    def _write_told(self) -> bool:
        """Write a batch of what was told, or try the disk if it refused last; True if it was written."""
        batch = self._telemetry.batch(_TOLD_AT_ONCE)
        if not batch and not self.healthy:
            batch = (Dropped(0),)
        if not batch:
            return False
        try:
            self._apply(self._append(batch))
        except StoreUnavailable:
            return False
        self._telemetry.written(batch)
        self._syncer.appended()
        return True


def _both(apply: Apply, summaries: Summaries) -> Apply:
    """What the replay of one's own log does: summaries that are missing are made up for."""

    def fold(record: Readable, /, *, seq: int) -> None:
        apply(record, seq=seq)
        summaries.add(record, seq)
        summaries.write()

    return fold
