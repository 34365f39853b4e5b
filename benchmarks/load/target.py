"""Whom to ask, with which credentials, and what of it may be shown."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from providers.types import Secret

HIDDEN = "***"
SHORTEST_SECRET = 4
"""Characters. What is shorter keeps no secret, and hiding it would tear words apart."""

PATH = "/chat/completions"

_SECRET_NAME = re.compile(
    r"auth|key|token|secret|cookie|pass|credential|signature|sig\b", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"(?i)^(bearer|basic)\s|^(sk|pk|rk)[-_]|^AIza|^eyJ")
_USUAL = {"content-type": "application/json", "accept": "*/*", "user-agent": "hedgerow-bench-load"}
_SENDABLE = re.compile(r"[!-~]([ -~]*[!-~])?")
_OURS = ("host", "content-length", "transfer-encoding", "connection")
_FROM_ENVIRONMENT = "env:"


@attrs.frozen
class Target:
    """A URL to post chats to. `shown` is the URL as it may be printed.

    `headers` are names and values as they are sent; none of the secrets among them is in what `hide` gives.
    """

    url: str = attrs.field(repr=False)
    shown: str
    headers: tuple[tuple[str, Secret], ...]
    secrets: tuple[Secret, ...] = ()

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def path(self) -> str:
        """What is asked for there, with its query."""
        return self.url.removeprefix(self.base)

    def fields(self) -> list[tuple[str, str]]:
        """The header fields to send."""
        return [(name, value.reveal) for name, value in self.headers]

    def hide(self, text: str) -> str:
        """The text with no secret in it. Servers like to repeat the key that they do not know."""
        for secret in sorted(self.secrets, key=lambda each: -len(each.reveal)):
            text = text.replace(secret.reveal, HIDDEN)
        return text


def target(url: str, key: Secret | None, headers: Mapping[str, str]) -> Target:
    """The target that a URL stands for: a base URL (with its version or without), or the whole.

    Raises:
        ValueError: it is no URL that could be asked, or a header is none.
    """
    parts = _checked(url)
    if key is not None and not _SENDABLE.fullmatch(key.reveal):
        raise ValueError("the key has characters that no header can have")
    path = _path(parts.path)
    whole = urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
    given = {**_USUAL, **{name.lower(): value for name, value in headers.items()}}
    if key is not None:
        given["authorization"] = f"Bearer {key.reveal}"
    sent = tuple((name, Secret(value)) for name, value in given.items())
    query = parse_qsl(parts.query, keep_blank_values=True)
    kept = [value for name, value in query if _SECRET_NAME.search(name)]
    kept += [value for name, value in headers.items() if is_secret(name, value)]
    kept += [value.split()[-1] for value in kept if value.strip()]
    kept += [] if key is None else [key.reveal]
    secrets = tuple(Secret(s) for s in dict.fromkeys(kept) if len(s) >= SHORTEST_SECRET)
    return Target(whole, shown_url(url), sent, secrets)


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise ValueError("expected a URL like http://127.0.0.1:8400/v1")
    if "@" in parts.netloc:
        raise ValueError("there is a password in the URL; say it with --key-env or --header")
    if parts.fragment:
        raise ValueError("a fragment (#...) is never sent")
    _ = parts.port  # raises where it is none
    return parts


def shown_url(url: str) -> str:
    """The URL without values of its query that may be secret."""
    parts = urlsplit(url)
    if not _SECRET_NAME.search(parts.query):
        return url
    query = [
        (name, HIDDEN if _SECRET_NAME.search(name) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit(parts._replace(query=urlencode(query, safe="*")))


def read_headers(given: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Header fields from `name: value`; a value `env:NAME` is that variable's.

    Raises:
        ValueError: one is no such thing. The message has no value in it.
    """
    return dict(_header(text, environment) for text in given)


def shown_header(text: str) -> str:
    """The option as it may be printed: what could be a secret is not."""
    name, _, value = text.partition(":")
    value = value.strip()
    secret = not value.startswith(_FROM_ENVIRONMENT) and is_secret(name, value)
    return f"{name}: {HIDDEN if secret else value}"


def is_secret(name: str, value: str) -> bool:
    """Whether a header may be a credential, by its name or its looks."""
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))


def _header(text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not (colon and re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name)):
        raise ValueError("expected a header as NAME:VALUE")
    if name.lower() in _OURS:
        raise ValueError(f"{name} is said by the connection")
    if value.startswith(_FROM_ENVIRONMENT):
        variable = value.removeprefix(_FROM_ENVIRONMENT)
        if not environment.get(variable):
            raise ValueError(f"there is no variable {variable} in the environment")
        value = environment[variable].strip()
    if not _SENDABLE.fullmatch(value):
        raise ValueError(f"{name} has no value, or characters that no header can have")
    return name, value


def _path(path: str) -> str:
    path = path.rstrip("/")
    if path.endswith(PATH):
        return path
    return f"{path or '/v1'}{PATH}"
