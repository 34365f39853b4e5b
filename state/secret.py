"""This installation's own secret: 32 bytes that keyed hashes in the journal are made with.

With it, a hash of a prompt's beginning is the same after a restart and on every process of one state, and
tells nobody else anything. It is made the first time that it is asked for.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

LENGTH = 32
NAME = "secret"


def installation_secret(folder: Path) -> bytes:
    """The secret of the state in this folder.

    Raises OSError; ValueError if the file holds something else.
    """
    path = folder / NAME
    if not path.exists():
        _make(path)
    secret = path.read_bytes()
    if len(secret) != LENGTH:
        raise ValueError(f"{path} should hold {LENGTH} bytes and holds {len(secret)}: remove it")
    return secret


def _make(path: Path) -> None:
    """Written whole and then linked into place: of two processes that begin at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{NAME}.{os.getpid()}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(secrets.token_bytes(LENGTH))
        file.flush()
        os.fsync(fd)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
