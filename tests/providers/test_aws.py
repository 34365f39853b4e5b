"""Signatures for AWS are what botocore's own signer writes."""

import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from providers.aws import SERVICE, AwsKey, load
from providers.base import WireRequest

ACCESS, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
BASE = "https://bedrock-runtime.eu-west-1.amazonaws.com"


def key(session: str | None = None) -> AwsKey:
    return AwsKey(ACCESS, SECRET, session, "eu-west-1")


def theirs(wire: WireRequest, session: str | None) -> dict[str, str]:
    """The fields that botocore adds, at the time it takes for now."""
    request: Any = AWSRequest(
        wire.method, BASE + wire.path, headers=dict(wire.headers), data=wire.body
    )
    signer: Any = SigV4Auth(Credentials(ACCESS, SECRET, session), SERVICE, "eu-west-1")
    signer.add_auth(request)
    return {name.lower(): said for name, said in request.headers.items()}


@pytest.mark.parametrize("session", [None, "a/session+token=="])
@pytest.mark.parametrize(
    "path",
    [
        "/model/amazon.nova-micro-v1%3A0/converse",
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Ainference-profile%2Fx/converse",
    ],
)
def test_the_signature_is_botocores_own(path: str, session: str | None) -> None:
    """Except that the time is handed in. Both clocks have to be in one second, so there are a few tries."""
    wire = WireRequest(path, b'{"messages":[]}')
    for _ in range(5):
        ours = dict(key(session).sign(wire, BASE, time.time()))
        expected = theirs(wire, session)
        if ours["x-amz-date"] == expected["x-amz-date"]:
            assert {**dict(wire.headers), **ours} == expected
            return
    pytest.fail("never twice within a second")


def test_another_body_or_another_time_is_another_signature() -> None:
    """Nothing that is signed can be changed on the way."""
    signed = [
        dict(key().sign(WireRequest("/x", body), BASE, now))["authorization"]
        for body, now in ((b"a", 5e8), (b"b", 5e8), (b"a", 5e8 + 1))
    ]
    assert len(set(signed)) == 3
    assert dict(key().sign(WireRequest("/x"), BASE, 0.0))["x-amz-date"] == "19700101T000000Z"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"{ACCESS}:{SECRET}", (ACCESS, SECRET, None)),
        (f"{ACCESS}:{SECRET}:tok/en+==", (ACCESS, SECRET, "tok/en+==")),
        ("ABSKQmVkcm9ja0FQSUtleS1hYmM=", None),
        (f"{ACCESS}", None),
        (f"{ACCESS}:", None),
        (f"{ACCESS}:{SECRET}:", None),
        (f"akia:{SECRET}", None),
    ],
)
def test_an_access_key_is_known_by_its_form(
    written: str, expected: tuple[str, str, str | None] | None
) -> None:
    """What is none is an API key, to be sent as it is."""
    found = AwsKey.read(written, "eu-west-1")
    assert (found and (found.access, found.secret, found.session)) == expected


def test_nobody_sees_the_secret() -> None:
    """Nor the token of a session."""
    assert SECRET not in repr(key("session-token"))
    assert "session-token" not in repr(key("session-token"))


def test_what_is_installed_is_loaded() -> None:
    """Where it is not, `hedgerow check` says so: see tests/gateway/test_clouds.py."""
    load()
