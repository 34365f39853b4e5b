"""Where an export goes: a file that appears when it is complete, and not at all if it never is."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def complete(out: Path) -> Iterator[Path]:
    """Gives the path to write to; what is written there becomes `out` at the end.

    A pipe or a device is written to as it is. Raises OSError.
    """
    if out.exists() and not out.is_file():
        yield out
        return
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def named(out: Path, names: list[str]) -> dict[str, Path]:
    """A file beside `out` for each name: `ttft.hgrm` becomes `ttft.NAME.hgrm`. The empty name's is `out`."""
    found: dict[str, Path] = {}
    for name in sorted(names):
        word = re.sub(r"[^\w.-]+", "_", name)
        file = out.with_name(f"{out.stem}.{word}{out.suffix}") if name else out
        number = 2
        while file in found.values():
            file = out.with_name(f"{out.stem}.{word}-{number}{out.suffix}")
            number += 1
        found[name] = file
    return found
