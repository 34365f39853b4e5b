"""The official Python SDK, sync and async, on the documented calls and on every error."""

import asyncio
import time

import openai
import pytest

from tests.gateway_process import RunningGateway

MODEL = "gemini-2.0-flash"
SYSTEM = {"role": "system", "content": "Sen yardımcı bir asistansın."}


def client(served: RunningGateway, key: str, **options: object) -> openai.OpenAI:
    """An SDK client as the documentation sets it up: base URL and key, nothing else."""
    return openai.OpenAI(base_url=f"{served.base_url}/v1", api_key=key, **options)


def user(text: str) -> dict[str, str]:
    """A user's message."""
    return {"role": "user", "content": text}


def test_a_chat_is_answered(served: RunningGateway, key: str) -> None:
    """The documented first example, with its system message, comes back as a completion."""
    with client(served, key) as sdk:
        answer = sdk.chat.completions.create(
            model=MODEL, messages=[SYSTEM, user("Merhaba, nasılsın?")], max_tokens=40
        )

    assert answer.object == "chat.completion"
    assert answer.model == MODEL
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id is not None
    assert answer._request_id.startswith("req_")


def test_a_chat_is_streamed(served: RunningGateway, key: str) -> None:
    """The documented streaming example yields text in pieces and one finish reason."""
    with client(served, key) as sdk:
        chunks = list(
            sdk.chat.completions.create(
                model=MODEL, messages=[user("Kısa bir hikaye yaz")], stream=True, max_tokens=30
            )
        )

    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
    reasons = [c.choices[0].finish_reason for c in chunks if c.choices[0].finish_reason]
    assert len([piece for piece in pieces if piece]) > 3
    assert "\ufffd" not in "".join(pieces)
    assert len(reasons) == 1
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_is_streamed_when_asked_for(served: RunningGateway, key: str) -> None:
    """`include_usage` adds exactly one last chunk without choices."""
    with client(served, key) as sdk:
        chunks = list(
            sdk.chat.completions.create(
                model=MODEL,
                messages=[user("Merhaba")],
                stream=True,
                stream_options={"include_usage": True},
                max_tokens=5,
            )
        )

    assert [bool(chunk.choices) for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("model", ["gpt-4o-mini", "gemini-2.5-flash", "claude-sonnet-4-5"])
def test_every_family_of_models_answers(served: RunningGateway, key: str, model: str) -> None:
    """One endpoint, whatever provider's format is spoken behind it."""
    with client(served, key) as sdk:
        answer = sdk.chat.completions.create(
            model=model, messages=[SYSTEM, user("Python'da liste nasıl oluşturulur?")], max_tokens=9
        )

    assert answer.choices[0].message.content


def test_embeddings_come_back_as_numbers(served: RunningGateway, key: str) -> None:
    """The SDK asks for base64 by itself and decodes it; the vectors have unit length."""
    with client(served, key) as sdk:
        answer = sdk.embeddings.create(
            model="text-embedding-004", input="Merhaba dünya, bu bir test metnidir."
        )

    vector = answer.data[0].embedding
    assert len(vector) == 768
    assert sum(x * x for x in vector) == pytest.approx(1.0, abs=1e-3)
    assert answer.usage.prompt_tokens > 0


def test_several_embeddings_keep_their_order_and_size(served: RunningGateway, key: str) -> None:
    """Many texts in one call, `dimensions` honoured, float and base64 alike."""
    texts = ["bir", "iki", "üç"]
    with client(served, key) as sdk:
        floats = sdk.embeddings.create(
            model="text-embedding-3-small", input=texts, dimensions=64, encoding_format="float"
        )
        packed = sdk.embeddings.create(
            model="text-embedding-3-small", input=texts, dimensions=64, encoding_format="base64"
        )

    assert [item.index for item in floats.data] == [0, 1, 2]
    assert [len(item.embedding) for item in floats.data] == [64, 64, 64]
    for one, other in zip(floats.data, packed.data, strict=True):
        assert isinstance(other.embedding, str)
        assert len(other.embedding) == pytest.approx(64 * 4 * 4 / 3, abs=4)
        assert len(one.embedding) == 64


def test_models_are_listed(served: RunningGateway, key: str) -> None:
    """The model list has what a client needs, and each entry can be fetched by its id."""
    with client(served, key) as sdk:
        models = sdk.models.list().data
        one = sdk.models.retrieve(MODEL)

    assert MODEL in {model.id for model in models}
    assert one.object == "model"
    assert one.owned_by


def test_the_async_client_chats_streams_and_embeds(served: RunningGateway, key: str) -> None:
    """The same three calls by the asynchronous SDK, on asyncio as most of its users run it."""
    answer, pieces, embedded = asyncio.run(_async_calls(served, key))

    assert answer
    assert "".join(pieces)
    assert embedded == 2


async def _async_calls(served: RunningGateway, key: str) -> tuple[str | None, list[str], int]:
    messages = [user("Merhaba, nasılsın?")]
    async with openai.AsyncOpenAI(base_url=f"{served.base_url}/v1", api_key=key) as sdk:
        answer = await sdk.chat.completions.create(model=MODEL, messages=messages, max_tokens=9)
        stream = await sdk.chat.completions.create(
            model=MODEL, messages=messages, stream=True, max_tokens=9
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
        embedded = await sdk.embeddings.create(model="text-embedding-004", input=["bir", "iki"])
    return answer.choices[0].message.content, pieces, len(embedded.data)


def test_a_wrong_key_is_an_authentication_error(served: RunningGateway) -> None:
    """SPEC §5: 401."""
    with client(served, "pk_live_nonsense") as sdk, pytest.raises(openai.AuthenticationError) as e:
        sdk.models.list()

    assert e.value.type == "authentication_error"


def test_another_model_is_a_permission_error(served: RunningGateway, gemini_only_key: str) -> None:
    """SPEC §5: 403. The project was created beside the running gateway, which knows it by now."""
    with client(served, gemini_only_key) as sdk:
        _eventually_lists(sdk)
        with pytest.raises(openai.PermissionDeniedError):
            sdk.chat.completions.create(model="gpt-4o-mini", messages=[user("Merhaba")])

        assert {model.id for model in sdk.models.list().data} <= {
            "gemini-2.0-flash",
            "gemini-2.5-flash",
            "gemini-embedding-001",
        }


def test_an_unknown_model_is_not_found(served: RunningGateway, key: str) -> None:
    """SPEC §5: 404."""
    with client(served, key) as sdk, pytest.raises(openai.NotFoundError):
        sdk.chat.completions.create(model="gemini-99", messages=[user("Merhaba")])


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0].image_url.url",
        ),
    ],
)
def test_a_bad_parameter_is_named(
    served: RunningGateway, key: str, change: dict[str, object], param: str
) -> None:
    """SPEC §5: 400, with the parameter in `param` and in the message."""
    call = {"model": MODEL, "messages": [user("Merhaba")], **change}
    with client(served, key) as sdk, pytest.raises(openai.BadRequestError) as e:
        sdk.chat.completions.create(**call)

    assert e.value.param == param
    assert param in e.value.message


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_every_error_can_be_demanded_in_test_mode(
    served: RunningGateway, status: int, kind: type[openai.APIStatusError]
) -> None:
    """A developer can see how their program takes each error of SPEC §5."""
    assert served.test_key is not None
    with client(served, served.test_key, max_retries=0) as sdk, pytest.raises(kind) as e:
        sdk.chat.completions.create(
            model=MODEL,
            messages=[user("Merhaba")],
            extra_headers={"x-hedgerow-mock": str(status)},
        )

    assert e.value.status_code == status


def test_a_stream_that_breaks_raises(served: RunningGateway) -> None:
    """An error after the stream has begun reaches the SDK as an error, not as a short answer."""
    assert served.test_key is not None
    with client(served, served.test_key) as sdk, pytest.raises(openai.APIError):
        list(
            sdk.chat.completions.create(
                model=MODEL,
                messages=[user("Kısa bir hikaye yaz")],
                stream=True,
                extra_headers={"x-hedgerow-mock": "cut"},
            )
        )


def _eventually_lists(sdk: openai.OpenAI) -> None:
    """A change made beside the gateway is seen within a second."""
    until = time.monotonic() + 1.0
    while True:
        try:
            sdk.models.list()
        except openai.AuthenticationError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
