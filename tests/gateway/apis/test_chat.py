"""OpenAI's chat completions as an API among others."""

import json

from gateway.apis.api import Asked
from gateway.apis.chat import CHAT
from gateway.whole import Heading
from providers.types import ChatCall, Finished, TextDelta, Usage
from tests.gateway.asked import chat_body

HEADING = Heading("chatcmpl-1", 5, "m")
SAID = [TextDelta("Merhaba"), Finished("stop")]


def test_a_request_is_read_and_answered_in_openais_form() -> None:
    """Whole."""
    call = CHAT.read(Asked(chat_body()))
    body = json.loads(CHAT.whole(call, HEADING, SAID, Usage(1, 2, 3)))

    assert isinstance(call, ChatCall)
    assert body["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Merhaba",
        "refusal": None,
    }


def test_a_streams_usage_is_told_only_to_who_asked_for_it() -> None:
    """As the client's `stream_options` have it."""
    assert CHAT.stream is not None
    for include in (True, False):
        options = {"include_usage": include}
        call = CHAT.read(Asked(chat_body(stream=True, stream_options=options)))
        assert (b'"usage":{' in CHAT.stream(call, HEADING).end(Usage(1, 2, 3))) is include
