"""A service account's file, the assertion it signs, and the answers to it."""

import json
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest

from providers.errors import CredentialRejected, Unreachable
from providers.service_account import GRANT, SCOPE, ServiceAccount, Token, read_token
from providers.types import Secret
from tests.providers.cloud import PEM, PRIVATE, account_file

URI = "https://oauth2.example/token"
NOW = 1_790_000_000.5


def test_the_assertion_is_what_the_grant_wants() -> None:
    """Signed with the account's key, for the token server alone, for an hour (RFC 7523)."""
    wire = ServiceAccount.read(account_file(URI)).request(NOW)
    form = parse_qs(wire.body.decode())
    assert (wire.method, wire.path, form["grant_type"]) == ("POST", "", [GRANT])
    assert dict(wire.headers)["content-type"] == "application/x-www-form-urlencoded"
    [assertion] = form["assertion"]
    key = PRIVATE.public_key()
    late = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(assertion, key, algorithms=["RS256"], audience=URI, options=late)
    assert claims == {
        "iss": "robot@a-project.iam.gserviceaccount.com",
        "scope": SCOPE,
        "aud": URI,
        "iat": 1_790_000_000,
        "exp": 1_790_003_600,
    }
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("{", "not the JSON file"),
        ("[]", "not the JSON file"),
        (account_file(URI, type="authorized_user"), "not the JSON file"),
        (account_file(URI, client_email=None), "not the JSON file"),
        (account_file(URI, private_key="-----BEGIN CANARY"), "not an RSA key"),
        (account_file("http://oauth2.example/token"), "no https address"),
        (account_file("https://[oauth2"), "no https address"),
        (account_file(""), "no https address"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_nothing_else(written: str, why: str) -> None:
    """Nothing of it is repeated, and no cause quotes it."""
    with pytest.raises(ValueError, match=why) as refused:
        ServiceAccount.read(written)
    assert "CANARY" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_nobody_sees_the_key() -> None:
    """Not in a log either."""
    account = ServiceAccount.read(account_file(URI))
    assert PEM[40:60] not in repr(account)
    assert PEM[40:60] not in repr(account.request(NOW))


def test_a_token_is_read_with_its_lifetime() -> None:
    """In seconds."""
    body = json.dumps({"access_token": "ya29.t", "expires_in": 3599, "token_type": "Bearer"})
    assert read_token(200, body.encode()) == Token(Secret("ya29.t"), 3599)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant", "error_description": "Invalid JWT"}, CredentialRejected),
        (401, {"error": "invalid_client"}, CredentialRejected),
        (403, {}, CredentialRejected),
        (429, {"error": "slow_down"}, Unreachable),
        (503, {}, Unreachable),
        (200, {}, Unreachable),
        (200, {"access_token": "t"}, Unreachable),
        (200, {"access_token": "t\r\nx: y", "expires_in": 9}, Unreachable),
        (200, ["no", "object"], Unreachable),
    ],
)
def test_what_is_no_token_is_the_accounts_fault_or_nobodys(
    status: int, body: Any, error: type[Exception]
) -> None:
    """A key that is refused rests; a token server that is broken may be asked again."""
    with pytest.raises(error):
        read_token(status, json.dumps(body).encode())


def test_a_page_in_html_is_no_token() -> None:
    """Some proxy's, on the way."""
    with pytest.raises(Unreachable):
        read_token(200, b"<html>")
