"""The load generator's connection knows the end of an answer, however it is cut."""

import socket
from collections.abc import Iterator

import attrs
import pytest

from benchmarks.overhead.connection import Answer, Connection, Where

SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{'content': 1}"
FIRST = b'data: {"delta":{"content":"a"}}\n\n'
PIECES = [
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    b"%x\r\n%b\r\n" % (len(FIRST), FIRST),
    b"%x\r\n%b\r\n" % (len(FIRST), FIRST),
    b"0\r\n\r\n",
]


@attrs.define
class Pair:
    """A connection and the server's end of it."""

    connection: Connection
    server: socket.socket

    def hears(self, pieces: list[bytes]) -> Answer:
        """The answer once it is over; a piece a second."""
        self.connection.ask(0.0)
        answer = self.connection.answer
        assert answer is not None
        over = [self._piece(n, piece) for n, piece in enumerate(pieces, 1)]
        assert over == [False] * (len(pieces) - 1) + [True]
        return answer

    def _piece(self, now: float, piece: bytes) -> bool:
        self.server.sendall(piece)
        return self.connection.receive(now)


@pytest.fixture
def pair() -> Iterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        connection = Connection(Where.of(f"http://127.0.0.1:{port}/v1", {"a": "b"}, b"{}"))
        server, _ = listener.accept()
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with server, connection.link:
            yield Pair(connection, server)


def test_what_is_sent_is_a_chat_request() -> None:
    """Written once."""
    where = Where.of("http://h:80/api/v1", {"authorization": "Bearer x"}, b"{}")
    assert where.request.startswith(b"POST /api/v1/chat/completions HTTP/1.1\r\nhost: h:80\r\n")
    assert b"\r\nauthorization: Bearer x\r\n" in where.request
    assert where.request.endswith(b"content-length: 2\r\n\r\n{}")


@pytest.mark.parametrize("at", range(1, len(SIZED)))
def test_an_answer_of_known_length_ends_with_its_last_byte(pair: Pair, at: int) -> None:
    """Cut anywhere."""
    answer = pair.hears([SIZED[:at], SIZED[at:]])
    assert (answer.status, answer.ended) == (200, 2)


def test_a_stream_ends_with_its_last_chunk(pair: Pair) -> None:
    """Events are counted, and the longest silence between two of them."""
    answer = pair.hears(PIECES)
    assert (answer.status, answer.events, answer.first) == (200, 2, 2)
    assert (answer.gap, answer.ended) == (1, 4)


def test_a_connection_that_closes_is_over_without_a_status(pair: Pair) -> None:
    """Whatever had come."""
    pair.connection.ask(0.0)
    answer = pair.connection.answer
    assert answer is not None
    pair.server.close()
    assert pair.connection.receive(1.0)
    assert (answer.status, answer.ended) == (0, None)
