"""OpenAI's official SDK in a realtime session: with base URL and key alone."""

import asyncio

import openai
import pytest

from tests.gateway_process import RunningGateway

MODEL = "gpt-4o-mini"


def client(served: RunningGateway, key: str | None) -> openai.AsyncOpenAI:
    """An SDK client as the documentation sets it up."""
    return openai.AsyncOpenAI(base_url=f"{served.base_url}/v1", api_key=key)


def test_a_session_is_held_and_answers_in_text(served: RunningGateway) -> None:
    """The SDK's own types of events, from the session's beginning to the answer's end."""

    async def talk() -> tuple[list[str], str]:
        kinds, said = [], ""
        async with (
            client(served, served.test_key) as sdk,
            sdk.realtime.connect(model=MODEL) as session,
        ):
            await session.session.update(session={"type": "realtime", "instructions": "Be brief"})
            await session.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "Merhaba"}],
                }
            )
            await session.response.create()
            async for event in session:
                kinds.append(event.type)
                if event.type == "response.output_text.delta":
                    said += event.delta
                if event.type == "response.done":
                    break
        return kinds, said

    kinds, said = asyncio.run(talk())
    assert kinds[:2] == ["session.created", "session.updated"]
    assert said


@pytest.mark.parametrize(("key", "status"), [("pk_live_wrong", 401), (None, 400)])
def test_who_may_not_or_cannot_is_told(
    served: RunningGateway, key: str | None, status: int
) -> None:
    """A wrong key; and the simulator, which has no sessions."""
    import websockets

    async def knock() -> int:
        async with client(served, key or served.live_key) as sdk:
            try:
                async with sdk.realtime.connect(model=MODEL):
                    return 101
            except websockets.exceptions.InvalidStatus as error:
                return int(error.response.status_code)

    assert asyncio.run(knock()) == status
