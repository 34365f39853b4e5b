"""New requests of all logs that hold certain words, as they are written; for whoever watches some of them.

Each segment is read on from where reading stopped, and a line is decoded only if it holds the words. Logs have
writers at work: what is not a whole good line yet is read the next time. Nothing is locked or written.
"""

from pathlib import Path

import attrs

from state import codec
from state.position import segment_path, segments
from state.records import CountedRequest, RequestEnded

SLACK = 60_000
"""Milliseconds that a file's own time may be off."""


@attrs.define(eq=False)
class Since:
    """Reads the logs of the state in `folder` for requests that ended at or after `ts`, in ms since 1970, and
    whose lines hold `needle`."""

    folder: Path
    ts: int
    needle: bytes
    _read: dict[Path, int] = attrs.field(factory=dict)

    def poll(self) -> list[RequestEnded]:
        """What is new, in the order of its ends. Blocks.

        Raises:
            OSError: a log cannot be read.
        """
        found: list[RequestEnded] = []
        logs = self.folder / "logs"
        for log in sorted(logs.iterdir()) if logs.is_dir() else ():
            for first in segments(log):
                found += self._in(segment_path(log, first))
        return sorted(found, key=lambda record: record.ts)

    def _in(self, file: Path) -> list[RequestEnded]:
        begin, status = self._read.get(file, 0), file.stat()
        if status.st_size <= begin or status.st_mtime * 1000 < self.ts - SLACK:
            return []
        with file.open("rb") as opened:
            opened.seek(begin)
            data = opened.read()
        data = data[: data.rfind(b"\n") + 1]
        self._read[file] = begin + len(data)
        if self.needle not in data:
            return []
        lines = [line for line in data.split(b"\n") if self.needle in line and codec.intact(line)]
        return [record for line in lines if (record := _request(line)) and record.ts >= self.ts]


def _request(line: bytes) -> RequestEnded | None:
    """The request in an intact line, if it is one that can be read."""
    try:
        _, record = codec.decode(line)
        return codec.whole(record) if isinstance(record, RequestEnded | CountedRequest) else None
    except ValueError:
        return None
