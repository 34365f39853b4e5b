"""The simulator's own endpoints, which no provider has: read the ledger, set a fault script, reset. Pure.

GET  /_sim/ledger    counts of all keys together and of each
POST /_sim/faults    {"key": "sk-1", "faults": ["rate_limited", {"kind": "cut", "words": 5}],
                      "repeat": false, "chances": {"error_frame": 0.02}}
POST /_sim/reset     scripts, rate limits and counts as at the start; running calls stay counted
"""

from typing import Any

import msgspec

from providers.simulator.dialect import Problem, Refused, Whole, decode
from providers.simulator.faults import Fault, FaultKind
from providers.simulator.keys import Keyring
from providers.simulator.openai import OpenAI
from providers.simulator.requests import Request

PREFIX = "/_sim/"
_OPENAI = OpenAI()


class _Script(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    faults: list[FaultKind | Fault] = []
    repeat: bool = False
    chances: dict[FaultKind, float] = {}


_SCRIPT = msgspec.json.Decoder(_Script)


def is_control(request: Request) -> bool:
    """Whether the request is for these endpoints."""
    return request.path.startswith(PREFIX)


def control(ring: Keyring, request: Request) -> Whole:
    """Do what the request says. Errors have OpenAI's shape."""
    try:
        return _json(_do(ring, request))
    except Refused as refused:
        return _OPENAI.error(refused.problem)


def _do(ring: Keyring, request: Request) -> dict[str, Any]:
    match request.method, request.path.removeprefix(PREFIX):
        case b"GET", "ledger":
            return ring.ledger.snapshot()
        case b"POST", "faults":
            script = decode(_SCRIPT, request.body)
            ring.script(script.key, script.faults, repeat=script.repeat, chances=script.chances)
            return {"key": script.key, "faults": len(script.faults)}
        case b"POST", "reset":
            ring.reset()
            return {"reset": True}
    raise Refused(Problem("no_such_path"))


def _json(value: dict[str, Any]) -> Whole:
    return Whole(msgspec.json.encode(value))
