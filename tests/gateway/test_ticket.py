"""One request as the gateway understands it."""

import pytest

from gateway.frames import Heading
from gateway.knobs import Knobs
from gateway.trail import Trail
from policies.settings import Policy, Timeouts
from providers.types import Call
from tests.gateway.asked import CREATED, chat, embed, ticket


@pytest.mark.parametrize(("call", "word"), [(chat(), "chat"), (embed(), "embeddings")])
def test_the_operation_is_the_calls(call: Call, word: str) -> None:
    """The word in records and metrics."""
    assert ticket(call).operation == word


def test_the_answer_is_headed_by_the_request() -> None:
    """Its id is the request's in OpenAI's form, its model the one that was asked for."""
    assert ticket(trail=Trail(0.0, id="req_01ABC")).heading == Heading(
        "chatcmpl-01ABC", CREATED, "m"
    )


@pytest.mark.parametrize(
    ("wish", "deadline"), [(None, 110.0), (5.0, 15.0), (600.0, 110.0), (100.0, 110.0)]
)
def test_a_client_may_shorten_its_deadline_and_not_lengthen_it(
    wish: float | None, deadline: float
) -> None:
    """It counts from the arrival, not from when somebody got round to it."""
    asked = ticket(
        trail=Trail(10.0),
        policy=Policy(timeouts=Timeouts(total=100.0)),
        knobs=Knobs(timeout=wish),
    )
    assert asked.deadline == deadline
