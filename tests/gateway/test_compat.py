"""What a provider cannot do is refused by name, or dropped and reported."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.compat import MEANING, fit, fits, without
from gateway.wire import read_chat, read_embeddings
from providers.anthropic import Anthropic
from providers.gemini import Gemini
from providers.kinds import KINDS
from providers.types import ChatCall
from tests.gateway.asked import chat_body
from tests.gateway.running import running

FUNCTION = {"type": "function", "function": {"name": "add"}}
UNFIT: dict[str, Any] = {"n": 2, "logit_bias": {"5": 1}, "seed": 3, "temperature": 0.5}


def test_a_call_loses_only_what_its_provider_refuses() -> None:
    """What both understand stays, whatever its order."""
    fitted = fit(Anthropic(), read_chat(chat_body(**UNFIT)))

    assert fitted is not None
    assert isinstance(fitted.call, ChatCall)
    assert set(fitted.dropped) == {"n", "logit_bias", "seed"}
    assert (fitted.call.n, fitted.call.seed, fitted.call.temperature) == (1, None, 0.5)
    assert Anthropic().refuses(fitted.call) is None


def test_a_call_that_fits_loses_nothing() -> None:
    """And is the same call."""
    call = read_chat(chat_body(temperature=0.5))
    fitted = fit(Anthropic(), call)

    assert fitted is not None
    assert fitted.call is call
    assert fitted.dropped == ()


def test_what_a_question_is_made_of_is_never_dropped() -> None:
    """Anthropic has no embeddings, and Gemini reads no other model's tokens."""
    call = read_embeddings({"model": "m", "input": [[1, 2]], "user": "u"})

    assert fit(Anthropic(), call) is None
    assert fits([Anthropic(), Gemini()], call) == {}


def test_functions_stay_where_a_providers_own_tool_is_dropped() -> None:
    """The client's own code does not depend on somebody else's search."""
    call = read_chat(chat_body(tools=[{"type": "web_search"}, FUNCTION]))
    fitted = fit(Anthropic(), call)

    assert fitted is not None
    assert fitted.dropped == ("tools",)
    assert fitted.call.body["tools"] == [FUNCTION]


@pytest.mark.parametrize("parameter", sorted(MEANING))
def test_a_dropped_parameter_is_gone_from_the_body_and_from_what_was_read(parameter: str) -> None:
    """As if the client had never given it."""
    body = chat_body(
        n=2,
        seed=3,
        stop=["a"],
        presence_penalty=1,
        frequency_penalty=1,
        response_format={"type": "json_object"},
        reasoning_effort="low",
        logprobs=True,
        top_logprobs=1,
    )
    gone = {"logprobs", "top_logprobs"} if "logprobs" in parameter else {parameter}
    without_it = {name: value for name, value in body.items() if name not in gone}
    expected = read_chat(without_it)
    call = without(read_chat(body), parameter)

    assert isinstance(call, ChatCall)
    assert call.body == without_it
    for name in vars(call).keys() - {"body"}:
        assert getattr(call, name) == getattr(expected, name), name


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_dropping_comes_to_an_end_with_every_kind(kind: str) -> None:
    """Whatever the client has asked for."""
    fitted = fit(KINDS[kind].dialect, read_chat(chat_body(**UNFIT, nobody_knows=1)))
    assert fitted is not None


@pytest.mark.parametrize("drop", [True, False])
async def test_an_operator_decides_whether_to_drop_or_to_refuse(tmp_path: Path, drop: bool) -> None:
    """The client learns from a header what its answer was made without."""
    settings = f"[compat]\ndrop_unsupported = {str(drop).lower()}\n"
    unfit = {"model": "claude-opus-4-5", **UNFIT}
    async with running(tmp_path, settings=settings) as gateway:
        response = await gateway.chat(unfit)
        streamed = await gateway.chat({**unfit, "stream": True})
        able = await gateway.chat(UNFIT)

    if drop:
        for answer in (response, streamed):
            assert answer.status_code == 200
            assert set(answer.headers["x-hedgerow-dropped"].split(", ")) == {
                *("n", "logit_bias", "seed"),
            }
        assert len(response.json()["choices"]) == 1
    else:
        assert response.status_code == streamed.status_code == 400
        assert response.json()["error"]["param"] in UNFIT
    assert "x-hedgerow-dropped" not in able.headers
    assert len(json.loads(able.content)["choices"]) == 2
