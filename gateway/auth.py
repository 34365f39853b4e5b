"""Who is asking: a project key, sent in one of three ways, to the project it belongs to.

A key is parsed offline (prefix, checksum), hashed and looked up in memory. What was sent goes nowhere else:
not into an error, a log, a label or an upstream.
"""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import attrs

from gateway.errors import ApiError
from state.indexes import ProjectKey
from state.keys import digest, parse

Environment: TypeAlias = Literal["live", "test"]
Lookup: TypeAlias = Callable[[str], ProjectKey | None]

MISSING = (
    "No API key: send your project key as 'Authorization: Bearer pk_live_...', "
    "as 'X-API-Key', or as '?api_key='"
)
HEADERS = ("x-api-key", "x-goog-api-key")
PARAMETERS = ("api_key", "key")
"""Where the SDKs of OpenAI, Anthropic and Google put a key beside the bearer token."""

INVALID = "The API key is not valid"
KEY_DIGITS = 12


@attrs.frozen
class Principal:
    """Who a request is made for. `environment` decides whether a provider may be contacted at all.

    `key` tells the project's keys apart: the first hex digits of the key's SHA-256, which open nothing.
    """

    project: str
    environment: Environment
    key: str = ""


def credential(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The key as sent, in SPEC's order of precedence: bearer token, `X-API-Key`, `?api_key=`; Google's own
    header and parameter each beside its like."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    places = [headers.get(name) for name in HEADERS] + [query.get(name) for name in PARAMETERS]
    return next((found for found in places if found), None)


def authenticate(sent: str | None, lookup: Lookup) -> Principal:
    """The project behind a key.

    Raises:
        ApiError: 401, the key is missing, malformed, unknown or revoked; which of the last three is not said.
    """
    if sent is None:
        raise ApiError(401, MISSING)
    environment = parse(sent)
    entry = lookup(digest(sent)) if environment is not None else None
    if entry is None or entry.revoked or entry.environment != environment:
        raise ApiError(401, INVALID)
    return Principal(entry.project, entry.environment, entry.digest[:KEY_DIGITS])
