"""Project keys: how they look, how they are made and what may be kept of them.

    pk_live_  3Zk…(30 base-62 digits, 178 bits of chance)  1nQx0B (6, the CRC-32 of all before them)

A mistyped or invented key is refused by its checksum, before any look-up. Only the SHA-256 is stored:
at 178 bits there is nothing to guess, so a slow hash would only make denial of service cheap.
"""

import hashlib
import secrets
from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase, digits
from zlib import crc32

from state.records import Environment

_DIGITS = digits + ascii_uppercase + ascii_lowercase
_PAIRS = [one + other for one in _DIGITS for other in _DIGITS]
_PREFIXES: dict[str, Environment] = {"pk_live_": "live", "pk_test_": "test"}
_PREFIX = 8
_CHANCE = 30
_CHECK = 6
_LENGTH = _PREFIX + _CHANCE + _CHECK
_CHANCE_BYTES = 32


def new_key(environment: Environment, token: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A fresh key; `token` gives that many bytes of chance. It is a secret: show it once."""
    chance = int.from_bytes(token(_CHANCE_BYTES))
    body = f"pk_{environment}_{_base62(chance, _CHANCE)}"
    return body + _check(body)


def parse(text: str) -> Environment | None:
    """The environment of a well-formed key, None for anything else. Says nothing about validity."""
    environment = _PREFIXES.get(text[:_PREFIX])
    if environment is None or len(text) != _LENGTH or not text.isascii():
        return None
    return environment if text[-_CHECK:] == _check(text[:-_CHECK]) else None


def digest(text: str) -> str:
    """What is stored in place of a key, and looked up for one: its SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hint(text: str) -> str:
    """Enough of a key for its owner to tell it from others: four characters, and the last four."""
    return f"{text[_PREFIX : _PREFIX + 4]}…{text[-4:]}"


def _check(body: str) -> str:
    return _base62(crc32(body.encode("ascii")), _CHECK)


def _base62(number: int, width: int) -> str:
    """The lowest `width` digits of a number, an even count of them: it works by pairs."""
    out = []
    for _ in range(width // 2):
        number, pair = divmod(number, len(_PAIRS))
        out.append(_PAIRS[pair])
    return "".join(reversed(out))
