"""Who speaks a client's own form, and who cannot honour what only that form can say."""

import attrs

from providers.anthropic import Anthropic
from providers.base import refusal, speaks
from providers.gemini import Gemini
from providers.openai import OpenAI
from providers.types import ChatCall, Native

CALL = ChatCall(
    "m", (), {"logit_bias": {"1": 2}}, native=Native("anthropic", {}, only="mcp_servers")
)


def test_a_form_is_spoken_by_its_own_dialect() -> None:
    """And by none where the client asked in OpenAI's."""
    assert speaks(Anthropic(), CALL)
    assert not speaks(Gemini(), CALL)
    assert not speaks(OpenAI(), CALL)
    assert not speaks(Anthropic(), attrs.evolve(CALL, native=None))


def test_what_one_form_alone_can_say_is_refused_by_all_others() -> None:
    """Where it is spoken, the request is sent as it is and nothing can be wrong with it."""
    assert refusal(Anthropic(), CALL) is None
    assert refusal(Gemini(), CALL) == refusal(OpenAI(), CALL) == "mcp_servers"


def test_a_translation_is_judged_like_any_other_call() -> None:
    """By what it asks for."""
    translated = attrs.evolve(CALL, native=Native("anthropic", {}))
    assert refusal(Gemini(), translated) == "logit_bias"
    assert refusal(Anthropic(), attrs.evolve(CALL, native=None)) == "logit_bias"
