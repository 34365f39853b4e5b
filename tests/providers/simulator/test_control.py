"""The simulator's own endpoints."""

import json
from typing import Any

import pytest

from providers.simulator import KeyPlan
from providers.simulator.control import control, is_control
from providers.simulator.keys import Keyring
from providers.simulator.requests import Request


@pytest.fixture
def ring() -> Keyring:
    return Keyring({}, KeyPlan())


def do(ring: Keyring, method: bytes, path: str, body: Any = None) -> tuple[int, Any]:
    request = Request(method, path, body=b"" if body is None else json.dumps(body).encode())
    assert is_control(request)
    answer = control(ring, request)
    return answer.status, json.loads(answer.body)


def test_the_ledger_is_shown(ring: Keyring):
    """In total and by key."""
    ring.key("sk-1").tally.open().close("failed", 429)
    status, shown = do(ring, b"GET", "/_sim/ledger")
    assert status == 200
    assert shown["keys"]["sk-1"]["by_status"] == {"429": 1}
    assert shown["total"]["failed"] == 1


def test_faults_are_set_by_name_or_in_full(ring: Keyring):
    """A sequence and chances."""
    body = {
        "key": "sk-1",
        "faults": ["rate_limited", {"kind": "cut", "words": 5}],
        "chances": {"silence": 1.0},
    }
    assert do(ring, b"POST", "/_sim/faults", body) == (200, {"key": "sk-1", "faults": 2})
    import random

    drawn = [ring.key("sk-1").next_fault(random.Random(1)) for _ in range(3)]
    assert [fault and (fault.kind, fault.words) for fault in drawn] == [
        ("rate_limited", None),
        ("cut", 5),
        ("silence", None),
    ]


def test_reset_forgets(ring: Keyring):
    """Counts are zero again."""
    ring.key("sk-1").tally.open().close("finished", 200)
    assert do(ring, b"POST", "/_sim/reset") == (200, {"reset": True})
    assert ring.ledger.total.started == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        (b"POST", "/_sim/faults", {"key": "a", "faults": ["nonsense"]}, 400),
        (b"POST", "/_sim/faults", {"key": "a", "fault": []}, 400),
        (b"POST", "/_sim/faults", {"faults": []}, 400),
        (b"POST", "/_sim/ledger", None, 404),
        (b"GET", "/_sim/elsewhere", None, 404),
    ],
)
def test_mistakes_are_errors(ring: Keyring, method: bytes, path: str, body: Any, status: int):
    """Said in OpenAI's shape."""
    found, answer = do(ring, method, path, body)
    assert found == status
    assert answer["error"]["message"]
