"""A Google service account: its JSON file, and what it sends to be given an access token.

The grant is RFC 7523's: an assertion signed with the account's key (RS256), by PyJWT.
"""

from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import attrs
import msgspec

from providers.advice import message_of
from providers.base import WireRequest
from providers.body import parse
from providers.errors import BrokenAnswer, CredentialRejected, ProviderError, Unreachable
from providers.lenient import count, fields, text
from providers.types import Secret

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LIFETIME = 3600
"""Seconds; the most that Google allows."""

MEMBERS = ("client_email", "private_key", "token_uri")
EXTRA = "service accounts need more than is installed: pip install 'hedgerow[vertex]'"
REFUSED = frozenset({400, 401, 403})
_FORM = (("content-type", "application/x-www-form-urlencoded"),)
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@attrs.frozen
class Token:
    """An access token and for how many seconds it is valid."""

    secret: Secret
    lifetime: float


@attrs.frozen
class ServiceAccount:
    """What is needed of the file. `key_id` says which of the account's keys `private_key` (PEM) is."""

    email: str
    private_key: str = attrs.field(repr=False)
    token_uri: str
    key_id: str | None = None

    @classmethod
    def read(cls, written: str) -> Self:
        """The account in the JSON text of its file.

        Raises:
            ValueError: it is not such a file, or its key is none. The message holds nothing of it.
        """
        try:
            found = fields(msgspec.json.decode(written))
        except (ValueError, RecursionError):
            found = {}
        email, key, uri = (text(found.get(name)) for name in MEMBERS)
        if found.get("type") != "service_account" or not (email and key):
            raise ValueError("this is not the JSON file of a service account")
        if not _is_private(uri):
            raise ValueError("the service account's token_uri is no https address")
        _check(key)
        return cls(email, key, uri, text(found.get("private_key_id")) or None)

    def request(self, now: float) -> WireRequest:
        """Asks `token_uri`, whose path this lacks, for a token; `now` is a Unix time."""
        import jwt  # noqa: PLC0415 - an extra: nobody else has it

        claims: dict[str, Any] = {"iss": self.email, "scope": SCOPE, "aud": self.token_uri}
        claims |= {"iat": int(now), "exp": int(now) + LIFETIME}
        named = {"kid": self.key_id} if self.key_id else None
        assertion = jwt.encode(claims, self.private_key, algorithm="RS256", headers=named)
        body = urlencode({"grant_type": GRANT, "assertion": assertion}).encode()
        return WireRequest(path="", body=body, headers=_FORM)


def read_token(status: int, body: bytes) -> Token:
    """The token in the answer to such a request.

    Raises:
        CredentialRejected: the account, or its key, is not accepted.
        Unreachable: there is no token for another reason.
    """
    if status != 200:
        raise _refusal(status, body)
    try:
        answer = fields(parse(body))
    except BrokenAnswer:
        answer = {}
    token, lifetime = text(answer.get("access_token")).strip(), count(answer.get("expires_in"))
    if not (token and token.isascii() and token.isprintable() and lifetime):
        raise Unreachable("The server of access tokens gave none")
    return Token(Secret(token), lifetime)


def _refusal(status: int, body: bytes) -> ProviderError:
    why = message_of(body).message or f"status {status}"
    if status in REFUSED:
        return CredentialRejected(f"No access token for the service account: {why}", status=status)
    return Unreachable(f"The server of access tokens cannot answer: {why}", status=status)


def _is_private(uri: str) -> bool:
    """Whether nobody on the way can read what is sent there."""
    try:
        url = urlsplit(uri)
    except ValueError:
        return False
    return url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOCAL)


def _check(key: str) -> None:
    try:
        from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415 - an extra
    except ImportError:
        raise ValueError(EXTRA) from None
    try:
        RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(key)
    except Exception:  # noqa: BLE001 - of many kinds, and their words may quote the key
        raise ValueError("the service account's private key is not an RSA key in PEM") from None
