"""Google's official Python SDK, pointed here by its base URL: every upstream answers in its form."""

import asyncio

import pytest
from google import genai
from google.genai import errors, types

from tests.gateway_process import RunningGateway

MODELS = ["gemini-2.0-flash", "gpt-4o-mini", "claude-sonnet-4-5"]
"""One of each family of upstreams; the first is passed on as it is."""

ASKED = "Kısa bir hikaye yaz"


def client(served: RunningGateway, key: str) -> genai.Client:
    """An SDK client with base URL and key, nothing else."""
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=served.base_url))


@pytest.mark.parametrize("model", MODELS)
def test_content_is_generated(served: RunningGateway, key: str, model: str) -> None:
    """With instructions and a limit; whoever answers, it reads as Google's own."""
    config = types.GenerateContentConfig(
        system_instruction="Sen yardımcı bir asistansın.", max_output_tokens=40
    )
    with client(served, key) as sdk:
        answer = sdk.models.generate_content(model=model, contents=ASKED, config=config)

    assert answer.text
    assert answer.candidates
    assert answer.candidates[0].finish_reason in (
        types.FinishReason.STOP,
        types.FinishReason.MAX_TOKENS,
    )
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.prompt_token_count
    assert answer.usage_metadata.candidates_token_count


@pytest.mark.parametrize("model", MODELS)
def test_content_is_streamed(served: RunningGateway, key: str, model: str) -> None:
    """Piece by piece, the last with its reason and its usage."""
    with client(served, key) as sdk:
        pieces = list(sdk.models.generate_content_stream(model=model, contents=ASKED))

    assert len([piece for piece in pieces if piece.text]) > 3
    assert pieces[-1].candidates
    assert pieces[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert pieces[-1].usage_metadata is not None
    assert pieces[-1].usage_metadata.total_token_count


def test_tools_are_called_and_answered(served: RunningGateway, key: str) -> None:
    """By the SDK itself, from one upstream's call to the next upstream's words."""

    def repeat(text: str) -> str:
        """Says it again."""
        called.append(text)
        return text

    config = types.GenerateContentConfig(tools=[repeat])
    if key.startswith("pk_test"):
        pytest.skip("test mode calls tools only where they must be called")
    for model in MODELS:
        called: list[str] = []
        with client(served, key) as sdk:
            answer = sdk.models.generate_content(
                model=model, contents="Please repeat something", config=config
            )
        assert called
        assert answer.text


@pytest.mark.parametrize("model", MODELS)
def test_a_call_is_streamed_as_a_whole(served: RunningGateway, key: str, model: str) -> None:
    """In one part, with its arguments as an object, and the SDK's own response is taken for an answer."""
    shout = types.FunctionDeclaration(
        name="shout",
        description="Says it loudly",
        parameters=types.Schema(
            type=types.Type.OBJECT,
            properties={"text": types.Schema(type=types.Type.STRING, nullable=True)},
        ),
    )
    calling = types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY)
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[shout])],
        tool_config=types.ToolConfig(function_calling_config=calling),
    )
    asked = types.UserContent("Please shout something")
    with client(served, key) as sdk:
        pieces = list(
            sdk.models.generate_content_stream(model=model, contents=asked, config=config)
        )
        ((call,),) = (piece.function_calls for piece in pieces if piece.function_calls)
        said = next(piece.candidates[0].content for piece in pieces if piece.function_calls)
        done = types.Part.from_function_response(name="shout", response={"result": "SOMETHING"})
        answer = sdk.models.generate_content(
            model=MODELS[(MODELS.index(model) + 1) % len(MODELS)],
            contents=[asked, said, types.UserContent(done)],
        )

    assert (call.name, type(call.args)) == ("shout", dict)
    assert pieces[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.text


@pytest.mark.parametrize("model", ["text-embedding-004", "text-embedding-3-small"])
def test_texts_are_embedded(served: RunningGateway, key: str, model: str) -> None:
    """One or several, by Google's models and by OpenAI's."""
    with client(served, key) as sdk:
        one = sdk.models.embed_content(model=model, contents="Merhaba dünya")
        two = sdk.models.embed_content(model=model, contents=["Merhaba", "dünya"])

    assert one.embeddings
    assert one.embeddings[0].values
    assert two.embeddings
    assert len(two.embeddings) == 2


def test_tokens_are_counted(served: RunningGateway) -> None:
    """In test mode by an estimate."""
    assert served.test_key is not None
    with client(served, served.test_key) as sdk:
        counted = sdk.models.count_tokens(model=MODELS[0], contents=ASKED)
    assert counted.total_tokens


def test_models_are_listed(served: RunningGateway, key: str) -> None:
    """The SDK's own pages; one by its name."""
    with client(served, key) as sdk:
        names = [model.name for model in sdk.models.list()]
        assert {f"models/{model}" for model in MODELS} <= set(names)
        assert sdk.models.get(model=MODELS[1]).name == f"models/{MODELS[1]}"


@pytest.mark.parametrize(
    ("key_sent", "model", "code", "status"),
    [
        ("pk_live_wrong", MODELS[0], 401, "UNAUTHENTICATED"),
        (None, "no-such-model", 404, "NOT_FOUND"),
    ],
)
def test_errors_are_googles(
    served: RunningGateway, key: str, key_sent: str | None, model: str, code: int, status: str
) -> None:
    """As the SDK raises them."""
    with client(served, key_sent or key) as sdk, pytest.raises(errors.ClientError) as caught:
        sdk.models.generate_content(model=model, contents=ASKED)
    assert (caught.value.code, caught.value.status) == (code, status)


def test_what_is_wrong_is_named(served: RunningGateway, key: str) -> None:
    """By Google's own name for it."""
    config = types.GenerateContentConfig(candidate_count=1000)
    with client(served, key) as sdk, pytest.raises(errors.ClientError) as caught:
        sdk.models.generate_content(model=MODELS[1], contents=ASKED, config=config)
    assert "candidateCount" in str(caught.value.message)
    assert caught.value.status == "INVALID_ARGUMENT"


def test_the_asynchronous_client_works_too(served: RunningGateway, key: str) -> None:
    """Whole and streamed."""

    async def ask() -> tuple[str | None, int]:
        async with client(served, key).aio as aio:
            answer = await aio.models.generate_content(model=MODELS[1], contents=ASKED)
            stream = await aio.models.generate_content_stream(model=MODELS[2], contents=ASKED)
            return answer.text, len([piece async for piece in stream])

    text, pieces = asyncio.run(ask())
    assert text
    assert pieces > 3
