"""The file of a learned hedging policy: TOML, written by the tuner and readable by people.

version = 1

[[rules]]
model = "gemini-2.0-flash"    # the upstream's name; left out: any
size = "4k"                   # of the prompt: 1k, 4k, 16k, 64k, over; left out: any
warm = false                  # whether the prompt's beginning is cached; left out: either
delay = "820ms"               # or "off": do not hedge
probability = 0.64            # left out: 1
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NewType, get_args

import attrs
import cattrs
from cattrs.errors import ClassValidationError

from gateway.config_errors import ConfigError, Mistake
from gateway.config_reader import Reads, add_reader, add_table, explain, strict_converter
from gateway.config_values import Label, Probability, choice
from gateway.quantities import kind_of, parse_duration
from policies.features import Size
from policies.learned import Learned, Rule

VERSION = 1
SOURCE_DIGITS = 12
_OFF = "off"

Version = NewType("Version", int)
_Delay = NewType("_Delay", float)
_SizeName = Annotated[Size, Reads(choice(get_args(Size), "a size of prompt"))]


@attrs.frozen
class LearnedTables:
    """The whole file."""

    version: Version
    rules: tuple[Rule, ...]


def read_learned(path: Path, shown: str) -> Learned:
    """The rules in the file at `path`, which messages call `shown`.

    Raises:
        ExceptionGroup: of `Mistake`s, all that are in the file, each with its place there.
    """
    try:
        content = path.read_bytes()
        document = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as problem:
        raise Mistake(f"{shown} cannot be read: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        raise Mistake(f"{shown} is no valid TOML: {problem}") from None
    try:
        tables = _converter().structure(document, LearnedTables)
    except ClassValidationError as problem:
        mistakes = [_told(error, shown) for error in explain(problem)]
        raise ClassValidationError("", mistakes, Learned) from None
    digest = hashlib.sha256(content).hexdigest()
    return Learned(tables.rules, f"sha256:{digest[:SOURCE_DIGITS]}")


def _told(error: ConfigError, shown: str) -> Mistake:
    return Mistake(f"{shown}: {error.path}: {error.message}", error.suggestion)


def _converter() -> cattrs.Converter:
    converter = strict_converter()
    add_reader(converter, Version, _read_version)
    add_reader(converter, _Delay, _read_delay)
    types = {
        "model": Label,
        "size": _SizeName,
        "warm": bool,
        "delay": _Delay,
        "probability": Probability,
    }
    add_table(converter, Rule, types=types)
    add_table(converter, LearnedTables, check=_check_rules)
    return converter


def _read_version(value: Any) -> int:
    if type(value) is int and value == VERSION:
        return value
    raise Mistake(f"this release reads version {VERSION}", f"write version = {VERSION}")


def _read_delay(value: Any) -> float | None:
    if value == _OFF:
        return None
    try:
        return parse_duration(value)
    except ValueError:
        shown = f'"{value[:40]}"' if isinstance(value, str) else kind_of(value)
        raise Mistake(f'expected a duration like "820ms", or "off", found {shown}') from None


def _check_rules(table: Mapping[str, Any]) -> Iterator[Mistake]:
    """Two rules for the same calls: only one of them would ever be used."""
    rules = table.get("rules")
    seen: list[Any] = []
    for position, rule in enumerate(rules if isinstance(rules, list) else []):
        calls = [rule.get(m) for m in ("model", "size", "warm")] if isinstance(rule, dict) else None
        if calls is not None and calls in seen:
            at = ("rules", position)
            yield Mistake(f"is for the same calls as rules[{seen.index(calls)}]", at=at)
        seen.append(calls)
