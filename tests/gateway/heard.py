"""What a client hears of a reply: its head and its bytes, as they come."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs
import msgspec
import trio

from gateway.errors import ApiError, from_provider
from gateway.reply import Head, QueuedReply, Reply
from providers.errors import ProviderError


@attrs.define(eq=False)
class Heard:
    """An answer as it reached the client. `failure` is what was raised after it had begun."""

    status: int = 0
    headers: Mapping[str, str] = attrs.field(factory=dict)
    pieces: list[bytes] = attrs.field(factory=list)
    times: list[float] = attrs.field(factory=list)
    failure: ApiError | None = None

    async def listen(self, head: Head, on_piece: Callable[[bytes], None]) -> None:
        """Takes the answer in, to its end."""
        self.status, self.headers = head.status, head.headers
        if isinstance(head.body, bytes):
            self._take(head.body, on_piece)
            return
        async for piece in head.body:
            self._take(piece, on_piece)

    def _take(self, piece: bytes, on_piece: Callable[[bytes], None]) -> None:
        self.pieces.append(piece)
        self.times.append(trio.current_time())
        on_piece(piece)

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def json(self) -> Any:
        """The whole body."""
        return msgspec.json.decode(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of a stream's events: JSON, or the word `[DONE]`."""
        assert self.body.endswith(b"\n\n")
        datas = [event.removeprefix(b"data: ") for event in self.body.split(b"\n\n")[:-1]]
        return ["[DONE]" if data == b"[DONE]" else msgspec.json.decode(data) for data in datas]

    @property
    def text(self) -> str:
        """The content of a stream's first choice, as far as it came."""
        chunks = [event for event in self.events if event != "[DONE]" and event.get("choices")]
        return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)


async def heard(
    act: Callable[[Reply], Awaitable[None]],
    on_piece: Callable[[bytes], None] = lambda _: None,
) -> Heard:
    """Lets `act` answer, and listens to the end; `on_piece` is told of each piece when it comes.

    Raises:
        ApiError, ProviderError: `act` raised it before the answer had begun.
    """
    result = Heard()
    refused: ApiError | ProviderError | None = None

    async def answer(*, task_status: trio.TaskStatus[Head]) -> None:
        reply = QueuedReply(task_status, 15.0)
        try:
            await act(reply)
        except (ApiError, ProviderError) as error:
            if not reply.begun:
                raise
            result.failure = from_provider(error) if isinstance(error, ProviderError) else error
        finally:
            reply.close()

    async with trio.open_nursery() as nursery:
        try:
            head: Head = await nursery.start(answer)
        except (ApiError, ProviderError) as error:
            refused = error
        else:
            await result.listen(head, on_piece)
    if refused is not None:
        raise refused
    return result
