"""A handshake as a wish for a session."""

import pytest

from gateway.apis.api import Asked
from gateway.apis.realtime import REALTIME
from providers.azure import Azure
from providers.base import refusal
from providers.gemini import Gemini
from providers.kinds import KINDS
from providers.types import SessionCall
from tests.gateway.asked import refusal as refused

QUERY = {"model": "m", "api_key": "hush", "key": "hush", "intent": "transcription"}


def test_only_what_is_the_upstreams_business_goes_on() -> None:
    """No key of ours; the client's own wishes."""
    headers = {"openai-beta": "realtime=v1", "authorization": "hush"}
    call = REALTIME.read(Asked({}, QUERY, headers))
    assert call == SessionCall(
        "m", (("intent", "transcription"),), (("openai-beta", "realtime=v1"),)
    )


@pytest.mark.parametrize("said", [{}, {"model": ""}, {"model": " "}])
def test_a_session_needs_a_model(said: dict[str, str]) -> None:
    """Named in the query."""
    assert refused(lambda: REALTIME.read(Asked({}, said))).param == "model"


def test_who_has_sessions_says_where() -> None:
    """OpenAI, Azure and xAI do; others refuse by name."""
    call = SessionCall("m")
    for kind in ("openai", "xai"):
        assert refusal(KINDS[kind].dialect, call) is None
        assert KINDS[kind].dialect.encode(call, "a b").path == "/realtime?model=a+b"
    assert Azure().encode(call, "d").path == "/openai/v1/realtime?model=d"
    assert refusal(Gemini(), call) == refusal(KINDS["groq"].dialect, call) == "realtime"
