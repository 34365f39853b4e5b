"""The official Python SDK on what is no chat: completions, moderations, images, speech and transcriptions."""

import base64

import openai
import pytest

from tests.gateway_process import RunningGateway

MODELS = ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.0-flash"]


def client(served: RunningGateway, key: str | None) -> openai.OpenAI:
    """An SDK client with base URL and key, nothing else."""
    return openai.OpenAI(base_url=f"{served.base_url}/v1", api_key=key, max_retries=0)


@pytest.mark.parametrize("model", MODELS)
def test_a_prompt_is_completed(served: RunningGateway, key: str, model: str) -> None:
    """Whole and streamed, by any upstream."""
    with client(served, key) as sdk:
        whole = sdk.completions.create(model=model, prompt="Bir varmış", max_tokens=30)
        stream = sdk.completions.create(
            model=model, prompt="Bir varmış", max_tokens=30, stream=True
        )
        pieces = [chunk.choices[0].text for chunk in stream]

    assert whole.choices[0].text
    assert whole.usage is not None
    assert len(pieces) > 3


def test_test_mode_moderates_draws_speaks_and_listens(served: RunningGateway) -> None:
    """Small things, in the SDK's own types."""
    with client(served, served.test_key) as sdk:
        verdict = sdk.moderations.create(model="gpt-4o-mini", input=["a", "b"])
        image = sdk.images.generate(model="gpt-4o-mini", prompt="a cat")
        speech = sdk.audio.speech.create(
            model="gpt-4o-mini", voice="alloy", input="Merhaba", response_format="wav"
        )
        heard = sdk.audio.transcriptions.create(
            model="gpt-4o-mini", file=("a.wav", speech.content, "audio/wav")
        )

    assert [result.flagged for result in verdict.results] == [False, False]
    assert image.data
    assert base64.b64decode(image.data[0].b64_json or "").startswith(b"\x89PNG")
    assert speech.content.startswith(b"RIFF")
    assert heard.text
