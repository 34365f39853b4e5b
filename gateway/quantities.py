"""Quantities as people write them in configuration: durations, sizes, shares, addresses.

Every reader takes what TOML or the environment gave and returns a plain value in the base unit
(seconds, bytes, a fraction of one), or raises `ValueError` with what was expected and what was
found. No reader accepts a boolean, a negative or absurd number, infinity or "not a number".
"""

import math
import re
from typing import Any, TypeGuard

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION_PART = re.compile(rf"{_NUMBER}\s*(ms|s|min|m|h|d)", re.ASCII)
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern}\s*)+", re.ASCII)
_SIZE = re.compile(rf"{_NUMBER}\s*([a-z]*)", re.ASCII)
_SHARE = re.compile(rf"{_NUMBER}\s*%", re.ASCII)
_LONGEST_SHOWN = 40
_MOST = 1e15  # more seconds or bytes than anything here lasts or holds


def parse_duration(value: Any) -> float:
    """Seconds, from "250ms", "5s", "1m30s", "2h" or a plain number of seconds.

    Raises:
        ValueError: the value is none of these.
    """
    if isinstance(value, str):
        text = value.strip()
        if _DURATION.fullmatch(text):
            parts = _DURATION_PART.findall(text)
            seconds = math.fsum(float(number) * _SECONDS[unit] for number, unit in parts)
        else:
            seconds = float(text) if re.fullmatch(_NUMBER, text, re.ASCII) else -1
    else:
        seconds = value
    if is_amount(seconds):
        return float(seconds)
    raise _unexpected('a duration like "250ms", "5s", "2m" or a number of seconds', value)


def parse_size(value: Any) -> int:
    """Bytes, from "20MB" (powers of ten), "20MiB" (powers of two) or a plain number of bytes.

    Raises:
        ValueError: the value is none of these.
    """
    size: Any = value
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip().lower())
        size = float(match[1]) * _BYTES.get(match[2], -1) if match else None
    elif isinstance(value, float):
        size = None
    if is_amount(size):
        return round(size)
    raise _unexpected('a size like "20MB", "512KiB" or a number of bytes', value)


def parse_share(value: Any) -> float:
    """A fraction from 0 to 1, from 0.05 or "5%".

    Raises:
        ValueError: the value is neither, or is more than the whole.
    """
    share = value
    if isinstance(value, str):
        match = _SHARE.fullmatch(value.strip())
        share = float(match[1]) / 100 if match else None
    if is_amount(share) and share <= 1:
        return float(share)
    raise _unexpected('a share from 0 to 1, like 0.05 or "5%"', value)


def parse_bind(value: Any) -> tuple[str, int]:
    """Host and port, from "127.0.0.1:8400", "localhost:8400" or "[::1]:8400"; port 0 is any.

    Raises:
        ValueError: the value is no such address.
    """
    if isinstance(value, str):
        host, colon, port = value.strip().rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if bracketed else host
        if colon and _is_host(host, bracketed) and _is_port(port):
            return host, int(port)
    raise _unexpected('an address "HOST:PORT" like "127.0.0.1:8400" or "[::1]:8400"', value)


def is_amount(value: Any) -> TypeGuard[float]:
    """Whether the value is a number that can measure something: not negative, not absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= _MOST


def kind_of(value: Any) -> str:
    """What a person would call the value: `a text`, `a list`, never the value itself."""
    names = ((bool, "true or false"), (str, "a text"), (int, "a whole number"), (float, "a number"))
    compounds = ((list, "a list"), (dict, "a table"))
    kinds = (name for type_, name in names + compounds if isinstance(value, type_))
    return next(kinds, "a date or time")


def _is_host(host: str, bracketed: bool) -> bool:
    if bracketed:
        return ":" in host and re.fullmatch(r"[0-9A-Fa-f:.%\w]+", host, re.ASCII) is not None
    return re.fullmatch(r"[A-Za-z0-9._-]+", host) is not None


def _is_port(port: str) -> bool:
    return re.fullmatch(r"\d{1,5}", port, re.ASCII) is not None and int(port) <= 65535


def _unexpected(expected: str, value: Any) -> ValueError:
    if isinstance(value, list | dict | bool) or not isinstance(value, str | int | float):
        return ValueError(f"expected {expected}, found {kind_of(value)}")
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    if len(shown) > _LONGEST_SHOWN:
        shown = f"{shown[:_LONGEST_SHOWN]}…"
    return ValueError(f"expected {expected}, found {shown}")
