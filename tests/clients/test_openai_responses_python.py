"""The official Python SDK's `responses`, on every family of models, with tools and formats."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pydantic
import pytest
import trio

from tests.gateway.apis.responses_upstream import ResponsesUpstream
from tests.gateway.running import running
from tests.gateway_process import RunningGateway

MODELS = ["gpt-4o-mini", "gemini-2.0-flash", "claude-sonnet-4-5"]
KINDS = {"chatting": "openai", "responding": "openai-responses"}
ADD: Any = {
    "type": "function",
    "name": "add",
    "description": "adds",
    "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    "strict": False,
}


class City(pydantic.BaseModel):
    """A format that is asked for."""

    city: str
    people: int


def client(served: RunningGateway, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{served.base_url}/v1", api_key=key)


@pytest.mark.parametrize("model", MODELS)
def test_a_response_is_created(served: RunningGateway, key: str, model: str) -> None:
    """The documented first example."""
    with client(served, key) as sdk:
        answer = sdk.responses.create(
            model=model, input="Merhaba", instructions="Kısa yaz.", max_output_tokens=20
        )

    assert (answer.object, answer.model) == ("response", model)
    assert answer.status in ("completed", "incomplete")
    assert answer.output_text
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


@pytest.mark.parametrize("model", MODELS)
def test_a_response_is_streamed(served: RunningGateway, key: str, model: str) -> None:
    """The SDK's own accumulator puts the pieces together to what the last event says."""
    with (
        client(served, key) as sdk,
        sdk.responses.stream(model=model, input="Merhaba") as stream,
    ):
        events = list(stream)
        final = stream.get_final_response()

    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(pieces) > 1
    assert final.output_text == "".join(pieces)
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_errors_are_the_sdks_own(served: RunningGateway, key: str) -> None:
    """Of every status."""
    with client(served, key) as sdk:
        with pytest.raises(openai.NotFoundError):
            sdk.responses.create(model="no-such-model", input="x")
        with pytest.raises(openai.BadRequestError) as caught:
            sdk.responses.create(model=MODELS[1], input="x", temperature=9)
    assert caught.value.param == "temperature"
    with client(served, "pk_live_wrong") as stranger, pytest.raises(openai.AuthenticationError):
        stranger.responses.create(model=MODELS[0], input="x")


@asynccontextmanager
async def asking(
    folder: Path, kind: str
) -> AsyncIterator[Callable[[Callable[[openai.OpenAI], Any]], Any]]:
    """A gateway over an upstream that calls tools; gives a way to let the SDK do something, in a thread."""
    upstream = ResponsesUpstream()
    async with trio.open_nursery() as nursery:
        await nursery.start(upstream.serve)
        provider = f'\n[providers.up]\nkind = "{KINDS[kind]}"\nbase_url = "{upstream.url}/v1"\nkeys = ["k"]\n'
        async with running(folder, settings=provider) as gateway:

            def act(what: Callable[[openai.OpenAI], Any]) -> Any:
                base_url = f"{gateway.base_url}/v1"
                with openai.OpenAI(base_url=base_url, api_key=gateway.live_key) as sdk:
                    return what(sdk)

            async def in_a_thread(what: Callable[[openai.OpenAI], Any]) -> Any:
                return await trio.to_thread.run_sync(act, what)

            yield in_a_thread
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_tool_is_called_and_its_result_sent_back(tmp_path: Path, kind: str) -> None:
    """The answer's items are the next input, as they are: in a chat and in the same form."""

    def conversation(sdk: openai.OpenAI) -> Any:
        said: list[Any] = [{"role": "user", "content": "1 + 1?"}]
        first = sdk.responses.create(model="gpt-5-pro", input=said, tools=[ADD], store=False)
        [call] = [item for item in first.output if item.type == "function_call"]
        said += first.output
        said += [{"type": "function_call_output", "call_id": call.call_id, "output": "2"}]
        return call, sdk.responses.create(model="gpt-5-pro", input=said, tools=[ADD], store=False)

    async with asking(tmp_path, kind) as ask:
        call, second = await ask(conversation)

    assert (call.name, call.arguments) == ("add", '{"a": 1}')
    assert second.output_text == "Merhaba"


async def test_calls_and_thoughts_are_streamed(tmp_path: Path) -> None:
    """Events of every kind, as the SDK's accumulator wants them."""

    def streamed(sdk: openai.OpenAI) -> Any:
        with sdk.responses.stream(model="gpt-5-pro", input="1 + 1?", tools=[ADD]) as stream:
            return [event.type for event in stream], stream.get_final_response()

    async with asking(tmp_path, "chatting") as ask:
        kinds, final = await ask(streamed)

    thought, call = final.output
    assert thought.summary[0].text == "hm"
    assert (call.arguments, call.status) == ('{"a": 1}', "completed")
    assert "response.reasoning_summary_text.delta" in kinds
    assert kinds.count("response.function_call_arguments.delta") == 2


async def test_a_format_is_parsed(tmp_path: Path) -> None:
    """Whole and streamed, into the client's own type."""

    def parsed(sdk: openai.OpenAI) -> Any:
        whole = sdk.responses.parse(model="gpt-5-pro", input="a city", text_format=City)
        with sdk.responses.stream(model="gpt-5-pro", input="x", text_format=City) as stream:
            stream.until_done()
            return whole.output_parsed, stream.get_final_response().output_parsed

    async with asking(tmp_path, "chatting") as ask:
        assert await ask(parsed) == (City(city="İzmir", people=3),) * 2
