"""Where a pooled credential comes from: `env:NAME`, `file:PATH`, or the secret itself.

`env:AWS_ACCESS_KEY_ID` stands for the whole access key: the variables of its secret and token are read too.

Whatever goes wrong, no message holds what might be the secret: people put keys where names belong.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import msgspec

from gateway.config import KeyConfig
from gateway.config_errors import Mistake
from gateway.places import expand
from gateway.quantities import kind_of
from gateway.suggest import did_you_mean
from providers.types import Secret

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}", re.ASCII)
_LIKE_A_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", re.ASCII)
_NEAR_MISS = re.compile(r"(env|evn|environ|environment|file|flie|path)\s*:", re.IGNORECASE)
_NUMBERED = re.compile(r"_\d+$", re.ASCII)
_SHOWABLE_PATH = ("/", "~/", "./", "../")
_ACCESS = "ACCESS_KEY_ID"
_BESIDE = ("SECRET_ACCESS_KEY", "SESSION_TOKEN")
_KEY = re.compile(r"[\x21-\x7e]+")


@attrs.frozen
class FoundKey:
    """A secret and where it was found: `env:NAME`, `file:/path`, `raw`; `none` if there is none."""

    secret: Secret
    origin: str


def name_keys(provider: str, domain: str, found: Sequence[FoundKey]) -> tuple[KeyConfig, ...]:
    """A provider's keys by name, counted from 1; one anonymous key where there is none."""
    keys = found or (FoundKey(Secret(""), "none"),)
    return tuple(
        KeyConfig(f"{provider}-{number}", key.secret, key.origin, domain)
        for number, key in enumerate(keys, start=1)
    )


def find_key(reference: Any, environ: Mapping[str, str], folder: Path) -> FoundKey:
    """The key that `reference` means; a relative `file:` is looked up in `folder`.

    Raises:
        Mistake: there is no key there, or what is there cannot be one.
    """
    if not isinstance(reference, str):
        raise Mistake(f'expected "env:NAME", "file:PATH" or a key, found {kind_of(reference)}')
    text = reference.strip()
    if text.startswith("env:"):
        return _from_variable(text.removeprefix("env:").strip(), environ)
    if text.startswith("file:"):
        return _from_file(text.removeprefix("file:").strip(), environ, folder)
    _refuse_near_misses(text, environ)
    return FoundKey(clean(text, "the key"), "raw")


def clean(text: str, what: str) -> Secret:
    """The secret in `text`, without the white space around it.

    Raises:
        Mistake: nothing is left, or it holds what no key holds and no HTTP header may.
    """
    key = text.strip()
    if not key:
        raise Mistake(f"{what} is empty")
    if not _KEY.fullmatch(key):
        raise Mistake(f"{what} holds spaces or characters that no key has")
    return Secret(key)


def _from_variable(name: str, environ: Mapping[str, str]) -> FoundKey:
    shown = f"environment variable {name}" if _VARIABLE.fullmatch(name) else "that variable"
    if name not in environ:
        # OPENAI_API_KEY_2 is a second key, not a slip of the pen for OPENAI_API_KEY.
        others = set(filter(_VARIABLE.fullmatch, environ)) - {_NUMBERED.sub("", name)}
        hint = did_you_mean(name, sorted(others))
        raise Mistake(f"{shown} is not set", hint or "set it, or take the key from file:PATH")
    return FoundKey(_secret(_whole(name, environ), shown), f"env:{name}")


def _whole(name: str, environ: Mapping[str, str]) -> str:
    """The variable's text; an access key of AWS's has its secret in a second one, maybe a token in a third."""
    written = environ[name].strip()
    stem = name.removesuffix(_ACCESS)
    if stem == name or not written or ":" in written:
        return written
    if not environ.get(f"{stem}SECRET_ACCESS_KEY"):
        raise Mistake(f"{name} is of no use without {stem}SECRET_ACCESS_KEY")
    parts = (environ.get(f"{stem}{end}", "").strip() for end in _BESIDE)
    return ":".join((written, *filter(None, parts)))


def _from_file(written: str, environ: Mapping[str, str], folder: Path) -> FoundKey:
    shown = f"file {written}" if written.startswith(_SHOWABLE_PATH) else "that file"
    path = expand(written, environ, folder)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no text"
        raise Mistake(f"{shown} cannot be read: {reason}") from None
    return FoundKey(_secret(text, shown), f"file:{path}")


def _secret(text: str, shown: str) -> Secret:
    """A key; or a service account's JSON, on one line. Which of them is one its provider's kind will say."""
    if not text.lstrip().startswith("{"):
        return clean(text, shown)
    try:
        return Secret(msgspec.json.format(text, indent=-1))
    except (ValueError, RecursionError):
        raise Mistake(f"{shown} is no valid JSON") from None


def _refuse_near_misses(text: str, environ: Mapping[str, str]) -> None:
    if text in environ:
        raise Mistake("this is the name of an environment variable", f'write "env:{text}"')
    if _LIKE_A_VARIABLE.fullmatch(text):
        raise Mistake("this looks like the name of an environment variable", 'write "env:NAME"')
    if _NEAR_MISS.match(text):
        raise Mistake("this is no key", 'write "env:NAME" or "file:PATH"')
