"""One connection of the load generator: what it waits for, and what came of it. No parser but the framing."""

import re
import socket
from urllib.parse import urlsplit

import attrs

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_DATA = b"data: {"
_CONTENT = b'"content":"'


@attrs.frozen
class Where:
    """A server's address and what is sent to it, head and body, written once."""

    host: str
    port: int
    request: bytes

    @classmethod
    def of(cls, base_url: str, headers: dict[str, str], body: bytes) -> "Where":
        """A chat request to `base_url` (which ends with its version, as clients are given it)."""
        parts = urlsplit(base_url)
        lines = [
            f"POST {parts.path.rstrip('/')}/chat/completions HTTP/1.1",
            f"host: {parts.netloc}",
        ]
        fields = {**headers, "content-type": "application/json", "content-length": str(len(body))}
        lines += [f"{name}: {value}" for name, value in fields.items()]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return cls(parts.hostname or "127.0.0.1", parts.port or 80, head + body)


@attrs.define(eq=False)
class Answer:
    """What has come of one answer. Times are on the monotonic clock; `events` counts those with data.

    `gap` is the longest time between two arrivals of content.
    """

    begun: float
    first: float | None = None
    last: float | None = None
    ended: float | None = None
    status: int = 0
    events: int = 0
    gap: float = 0.0


@attrs.define(eq=False)
class Connection:
    """A socket that is kept open from answer to answer."""

    where: Where
    link: socket.socket = attrs.field(init=False)
    answer: Answer | None = None
    _head: bytes = b""
    _left: int | None = None
    _tail: bytes = b""

    def __attrs_post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Connects, again if need be."""
        self.link = socket.create_connection((self.where.host, self.where.port), timeout=10)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.link.setblocking(False)

    def ask(self, begun: float) -> None:
        """Sends the request. `begun` is when it was due."""
        self.answer, self._head, self._left, self._tail = Answer(begun), b"", None, b""
        self.link.send(self.where.request)

    def receive(self, now: float) -> bool:
        """Takes what has come; whether the answer is over. A broken connection is over, with status 0."""
        assert self.answer is not None, "ask() comes first"
        try:
            data = self.link.recv(262_144)
        except ConnectionError:
            data = b""
        if not data:
            self.answer.status = 0
            return True
        self._note(self.answer, data, now)
        if self._over(self.answer, data):
            self.answer.ended = now
            return True
        return False

    def _note(self, answer: Answer, data: bytes, now: float) -> None:
        answer.events += data.count(_DATA)
        if answer.first is None and (_CONTENT in data or b'"content": "' in data):
            answer.first = answer.last = now
        elif answer.last is not None and _DATA in data:
            answer.gap = max(answer.gap, now - answer.last)
            answer.last = now

    def _over(self, answer: Answer, data: bytes) -> bool:
        if answer.status == 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return False
            answer.status = int(self._head[9:12])
            length = _LENGTH.search(self._head, 0, end + 2)
            if length is not None:
                self._left = end + 4 + int(length[1]) - len(self._head)
                return self._left <= 0
            data = self._head[end + 2 :]
        elif self._left is not None:
            self._left -= len(data)
            return self._left <= 0
        self._tail = (self._tail + data)[-len(_LAST_CHUNK) :]
        return self._tail == _LAST_CHUNK
