"""Following the logs of other writers: their records, folded into the same indexes as our own."""

import contextlib
from functools import partial
from pathlib import Path

import attrs

from state.errors import StateDamaged
from state.indexes import Indexes
from state.leap import leap
from state.position import Position
from state.tail import Tail

_PATIENCE = 50
"""Polls that a line may stay unreadable before it is looked at closely: it may be half written."""


def reader(folder: Path, indexes: Indexes) -> Tail:
    """A reader of the log in this folder that folds it into the indexes; nothing is read yet."""
    return Tail(Position(folder), partial(indexes.apply, writer=folder.name))


@attrs.define(eq=False)
class Follower:
    """Every log of a state but `own`. `reports` holds a sentence for whatever a person should know.

    Without `summaries` every line of every segment is read, and damage in any is found.
    """

    logs: Path
    indexes: Indexes
    reports: list[str] = attrs.field(factory=list)
    summaries: bool = True
    own: str | None = None
    _tails: dict[str, Tail] = attrs.field(factory=dict)
    _stuck: dict[str, int] = attrs.field(factory=dict)
    _damaged: set[str] = attrs.field(factory=set)

    def replay(self) -> None:
        """Read everything there is. A torn tail is left to its owner, and reported.

        Raises StateDamaged, OSError.
        """
        self._discover()
        for name, tail in self._tails.items():
            torn = tail.settle()
            if torn is not None:
                self.reports.append(
                    f"{name}/{torn.file.name} ends in {torn.size} bytes of unfinished record: not read, left "
                    f"to the log's next writer"
                )

    def poll(self) -> bool:
        """Read what is new, a bounded piece of each log; False if there was nothing.

        Never raises: a log that turns out damaged is reported once and followed no further.
        """
        with contextlib.suppress(OSError):  # out of descriptors, say: the next poll tries again
            self._discover()
        live = [(name, tail) for name, tail in self._tails.items() if name not in self._damaged]
        moved = [self._advance(name, tail) for name, tail in live]
        return any(moved)

    def positions(self) -> dict[str, int]:
        """The last record read of each log."""
        return {name: tail.at.seq for name, tail in self._tails.items()}

    @property
    def unknown(self) -> int:
        """Records of kinds that this version does not know."""
        return sum(tail.unknown for tail in self._tails.values())

    def _discover(self) -> None:
        if not self.logs.is_dir():
            return
        for folder in sorted(self.logs.iterdir()):
            if folder.name != self.own and folder.name not in self._tails and folder.is_dir():
                self._tails[folder.name] = self.begin(folder)

    def begin(self, folder: Path) -> Tail:
        """A reader of the log in this folder, behind what summaries tell."""
        tail = reader(folder, self.indexes)
        report = leap(tail, self.indexes) if self.summaries else None
        self.reports += [report] if report else []
        return tail

    def _advance(self, name: str, tail: Tail) -> bool:
        try:
            if tail.advance():
                self._stuck[name] = 0
                return True
            self._look_closely(name, tail)
        except StateDamaged as damage:
            self._damaged.add(name)
            self.reports.append(f"{damage}; the log is not followed any more")
        except OSError:
            return False
        return False

    def _look_closely(self, name: str, tail: Tail) -> None:
        """A line that stays unreadable is a torn tail, which is no news, or it is damage."""
        if not tail.left_over():
            return
        self._stuck[name] = self._stuck.get(name, 0) + 1
        if self._stuck[name] % _PATIENCE == 0:
            tail.settle()


def look(folder: Path, *, summaries: bool = True) -> Follower:
    """The state in this folder, to be read only: no log of one's own, no lock, nothing written.

    Raises StateDamaged, OSError. `poll` it to see what is new.
    """
    follower = Follower(folder / "logs", Indexes(), summaries=summaries)
    follower.replay()
    return follower
