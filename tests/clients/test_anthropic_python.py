"""Anthropic's official Python SDK, pointed here by its base URL: every upstream answers in its form."""

import anthropic
import pytest
from anthropic.types import MessageParam

from tests.gateway_process import RunningGateway

MODELS = ["gemini-2.0-flash", "gpt-4o-mini", "claude-sonnet-4-5"]
"""One of each family of upstreams; the last is passed on as it is."""

pytestmark = pytest.mark.filterwarnings("ignore:The model .* is deprecated:DeprecationWarning")

USER: MessageParam = {"role": "user", "content": "Kısa bir hikaye yaz"}


def client(served: RunningGateway, key: str) -> anthropic.Anthropic:
    """An SDK client with base URL and key, nothing else."""
    return anthropic.Anthropic(base_url=served.base_url, api_key=key, max_retries=0)


@pytest.mark.parametrize("model", MODELS)
def test_a_message_is_answered(served: RunningGateway, key: str, model: str) -> None:
    """With instructions; whoever answers, it reads as Anthropic's own."""
    with client(served, key) as sdk:
        message = sdk.messages.create(
            model=model, max_tokens=40, system="Sen yardımcı bir asistansın.", messages=[USER]
        )

    assert (message.type, message.role, message.model) == ("message", "assistant", model)
    assert message.content[0].type == "text"
    assert message.content[0].text
    assert message.stop_reason in ("end_turn", "max_tokens")
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


@pytest.mark.parametrize("model", MODELS)
def test_a_message_is_streamed(served: RunningGateway, key: str, model: str) -> None:
    """The SDK's own accumulator finds every event where it expects it."""
    with (
        client(served, key) as sdk,
        sdk.messages.stream(model=model, max_tokens=30, messages=[USER]) as stream,
    ):
        pieces = list(stream.text_stream)
        message = stream.get_final_message()

    assert len(pieces) > 3
    assert message.content[0].type == "text"
    assert "".join(pieces) == message.content[0].text
    assert message.stop_reason in ("end_turn", "max_tokens")
    assert message.usage.output_tokens > 0


def test_what_is_missing_is_named_in_anthropics_words(served: RunningGateway, key: str) -> None:
    """The SDK raises the error that it would raise there."""
    with client(served, key) as sdk, pytest.raises(anthropic.BadRequestError) as caught:
        sdk.messages.create(model=MODELS[0], max_tokens=0, messages=[USER])

    body = caught.value.body
    assert isinstance(body, dict)
    assert body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error"
    assert "max_tokens" in body["error"]["message"]


def test_a_wrong_key_and_an_unknown_model_are_told_apart(
    served: RunningGateway, key: str, gemini_only_key: str
) -> None:
    """As 401, 403 and 404, each with its own class in the SDK."""
    with client(served, "pk_live_wrong") as sdk, pytest.raises(anthropic.AuthenticationError):
        sdk.messages.create(model=MODELS[0], max_tokens=5, messages=[USER])
    with client(served, key) as sdk, pytest.raises(anthropic.NotFoundError):
        sdk.messages.create(model="no-such-model", max_tokens=5, messages=[USER])
    with (
        client(served, gemini_only_key) as sdk,
        pytest.raises(anthropic.PermissionDeniedError) as caught,
    ):
        sdk.messages.create(model="gpt-4o-mini", max_tokens=5, messages=[USER])
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == "permission_error"


def test_models_are_listed_as_anthropic_lists_them(served: RunningGateway, key: str) -> None:
    """The SDK's own pages."""
    with client(served, key) as sdk:
        names = [model.id for model in sdk.models.list()]

    assert set(MODELS) <= set(names)


def test_tokens_are_counted(served: RunningGateway) -> None:
    """In test mode by an estimate."""
    assert served.test_key is not None
    with client(served, served.test_key) as sdk:
        count = sdk.messages.count_tokens(model=MODELS[0], messages=[USER])

    assert count.input_tokens > 0
