"""Clouds on loopback: a server that hands whole requests to a function, and a key to sign with."""

import json
from collections.abc import Callable
from typing import Any

import attrs
import h11
import trio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = PRIVATE.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()


@attrs.frozen
class Asked:
    """A request as it came: the target as it was written, fields by lower-case names."""

    method: str
    target: str
    fields: dict[str, str]
    body: bytes


@attrs.frozen
class Said:
    """An answer."""

    status: int
    body: bytes
    type: str = "application/json"
    fields: dict[str, str] = attrs.field(factory=dict)


@attrs.define(eq=False)
class Cloud:
    """Answers every request by `answer`, and remembers them. While `gate` is unset, nobody is answered."""

    answer: Callable[[Asked], Said]
    asked: list[Asked] = attrs.field(factory=list)
    gate: trio.Event = attrs.field(factory=trio.Event)

    async def serve(self, *, task_status: trio.TaskStatus[str]) -> None:
        self.gate.set()
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        task_status.started(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}")
        await trio.serve_listeners(self._client, listeners)

    async def _client(self, stream: trio.SocketStream) -> None:
        async with stream:
            connection = h11.Connection(h11.SERVER)
            try:
                while (asked := await _request(connection, stream)) is not None:
                    self.asked.append(asked)
                    await self.gate.wait()
                    await _say(connection, stream, self.answer(asked))
                    connection.start_next_cycle()
            except (trio.BrokenResourceError, h11.ProtocolError):
                return


async def _request(connection: h11.Connection, stream: trio.SocketStream) -> Asked | None:
    head, body = None, b""
    while True:
        event: Any = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some(65536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            fields = {name.decode(): value.decode() for name, value in head.headers}
            return Asked(head.method.decode(), head.target.decode(), fields, body)
        else:
            return None


async def _say(connection: h11.Connection, stream: trio.SocketStream, said: Said) -> None:
    fields = {"content-type": said.type, "content-length": str(len(said.body)), **said.fields}
    head = h11.Response(status_code=said.status, headers=[*fields.items()])
    await stream.send_all(connection.send(head) or b"")
    await stream.send_all(connection.send(h11.Data(said.body)) or b"")
    await stream.send_all(connection.send(h11.EndOfMessage()) or b"")


def account_file(token_uri: str, **changed: Any) -> str:
    """The JSON file of a service account, as Google writes it."""
    members = {
        "type": "service_account",
        "project_id": "a-project",
        "private_key_id": "key-1",
        "private_key": PEM,
        "client_email": "robot@a-project.iam.gserviceaccount.com",
        "token_uri": token_uri,
    }
    return json.dumps({**members, **changed}, indent=2)
