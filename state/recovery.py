"""Cutting a torn tail: what a crash left unfinished at the end of one's own log.

Only the holder of the log's lock may do this. The bytes are kept aside before they are cut, and every
cut is told in a sentence. Anything but a torn tail is `StateDamaged`, and nothing is changed.
"""

import os
from pathlib import Path

from state.disk import APPEND, Disk
from state.tail import Tail, Torn


def recover(tail: Tail, quarantine: Path, disk: Disk) -> str | None:
    """Read a log to its end and make it whole. Says what was cut, if anything was.

    Raises StateDamaged, or OSError if the disk refuses; the log is then as it was, or whole.
    """
    torn = tail.settle()
    if torn is None:
        return None
    name = f"{tail.at.folder.name}/{torn.file.name}"
    if torn.size:
        kept = _keep_aside(torn, quarantine / tail.at.folder.name, disk)
    _cut(torn, disk)
    if not torn.size:
        return f"{name} was an empty file and was removed"
    return (
        f"{name} ended in {torn.size} bytes of unfinished record from byte {torn.offset} on: cut, kept as "
        f"{kept}; the last whole record is {tail.at.seq}"
    )


def _keep_aside(torn: Torn, folder: Path, disk: Disk) -> Path:
    disk.make_folder(folder)
    taken = len(list(folder.iterdir()))
    path = folder / f"{torn.file.stem}-{torn.offset}-{taken}.torn"
    with torn.file.open("rb") as file:
        file.seek(torn.offset)
        data = file.read(torn.size)
    fd = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        disk.write_all(fd, data)
        disk.sync(fd)
    finally:
        disk.close(fd)
    disk.sync_folder(folder)
    return path


def _cut(torn: Torn, disk: Disk) -> None:
    if not torn.offset:
        disk.remove(torn.file)
        disk.sync_folder(torn.file.parent)
        return
    fd = disk.open(torn.file, APPEND)
    try:
        disk.truncate(fd, torn.offset)
        disk.sync(fd)
    finally:
        disk.close(fd)
