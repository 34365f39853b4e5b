"""Requests as tests need them: bodies, calls, tickets, attempts, and what a refusal must look like."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, settings

from gateway.apis.chat import CHAT
from gateway.apis.embeddings import EMBEDDINGS
from gateway.attempt import Attempt, Outcome, Role
from gateway.auth import Principal
from gateway.errors import TYPES, ApiError
from gateway.knobs import Knobs
from gateway.ticket import Ticket
from gateway.tokens import most_tokens, prompt_tokens
from gateway.trail import Trail
from policies.balance import Candidate, Choice
from policies.cost import Price
from policies.features import Features, Scope
from policies.pool import Lease
from policies.settings import Policy
from policies.target import Target
from providers.conversation import Message
from providers.errors import ProviderError
from providers.types import Call, ChatCall, EmbedCall, Usage

CREATED = 1_704_056_400
USAGE = Usage(prompt=25, completion=42, total=67)
TARGET = Target("a-1", "a", "a-domain", "gemini-2.0-flash")

ANYTHING = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
"""For tests of properties: the same examples everywhere, however busy the machine is."""


def chat_body(**changes: Any) -> dict[str, Any]:
    """A small chat request's JSON, changed where a test says so."""
    return {"model": "m", "messages": [{"role": "user", "content": "Merhaba"}]} | changes


def chat(text: str = "Merhaba", **changes: Any) -> ChatCall:
    """A small chat."""
    return ChatCall("m", (Message("user", text),), chat_body(), **changes)


def embed(*inputs: str | tuple[int, ...], **changes: Any) -> EmbedCall:
    """An embeddings call for these inputs."""
    return EmbedCall("m", inputs or ("Merhaba",), {}, **changes)


def ticket(call: Call | None = None, **changes: Any) -> Ticket:
    """A request of project `demo` that arrived at 0, changed where a test says so."""
    usual: dict[str, Any] = {
        "principal": Principal("demo", "live"),
        "policy": Policy(),
        "knobs": Knobs(),
        "trail": Trail(0.0, id="req_1"),
        "created": CREATED,
        "api": EMBEDDINGS if isinstance(call, EmbedCall) else CHAT,
    }
    call = call or chat()
    features = Features(prompt_tokens=prompt_tokens(call), output_tokens=most_tokens(call))
    return Ticket(call=call, **({"features": features} | usual | changes))


def attempt(
    begun: float,
    *,
    role: Role = "primary",
    outcome: Outcome | None = None,
    first: float | None = None,
    ended: float | None = None,
    error: ProviderError | None = None,
    usage: Usage | None = None,
    price: Price | None = None,
) -> Attempt:
    """An upstream call and what became of it."""
    target = attrs.evolve(TARGET, price=price)
    lease = Lease(target, begun, role == "primary", Scope(TARGET.model))
    choice = Choice(Candidate(target, ttft=0.5, inflight=0), ((TARGET.key, 0.5),), 1.0)
    made = Attempt(lease, role, choice, first=first, ended=ended, outcome=outcome, error=error)
    made.usage, made.accepted = usage, None if first is None else (begun + first) / 2
    return made


@attrs.define(eq=False)
class Held:
    """An admission that lets everything in and remembers what it was told: tokens."""

    told: list[int] = attrs.field(factory=list)

    def extra(self, _tokens: int, _nano_usd: int) -> bool:
        return True

    def settle(self, tokens: int) -> None:
        self.told.append(tokens)


def each(name: str, *values: Any) -> list[tuple[str, Any]]:
    """The values, each with the name of the parameter that it is tried as."""
    return [(name, value) for value in values]


def refusal(act: Callable[[], object]) -> ApiError:
    """The error that the act ends in, whose body must have the one shape that clients know."""
    with pytest.raises(ApiError) as caught:
        act()
    error = caught.value
    expected: dict[str, Any] = {
        "message": error.message,
        "type": TYPES[error.status],
        "code": error.status,
    }
    if error.param is not None:
        expected["param"] = error.param
    assert error.body() == {"error": expected}
    assert error.message.strip()
    return error
