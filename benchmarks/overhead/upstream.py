"""The canned upstream: `python -m benchmarks.overhead.upstream [PORT]` prints its port and answers until it
is ended.

It speaks as much OpenAI as the measurement needs. What it says is written in the model's name:
`say-64x20` is 64 words, 20 ms apart when streamed, all at once when not.
"""

import re
import select
import socket
import sys
import time
from heapq import heappop, heappush

import attrs
import msgspec

MODELS = ("say-1x0", "say-8x0", "say-256x0", "say-64x20", "say-64x1", "say-600x20")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_STREAM = re.compile(rb'"stream": *true')
_SAY = re.compile(rb"say-(\d+)x(\d+)")
_WORD = " green"


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _event({"choices": [choice], "usage": None})


def _event(members: dict[str, object]) -> bytes:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "say"}
    data = b"data: " + msgspec.json.encode({**head, **members}) + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


def _usage(words: int) -> dict[str, int]:
    return {"prompt_tokens": 9, "completion_tokens": words, "total_tokens": 9 + words}


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
ROLE = _chunk({"role": "assistant", "content": ""})
DELTA = _chunk({"content": _WORD})


def last(words: int) -> bytes:
    """How a stream of so many words ends."""
    done = b"data: [DONE]\n\n"
    usage = _event({"choices": [], "usage": _usage(words)})
    return _chunk({}, "stop") + usage + b"%x\r\n%b\r\n0\r\n\r\n" % (len(done), done)


def _json(body: object) -> bytes:
    data = msgspec.json.encode(body)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(data) + data


def whole(words: int) -> bytes:
    """An answer of so many words that is not streamed."""
    message = {"role": "assistant", "content": words * _WORD, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    about = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "say"}
    return _json({**about, "choices": [choice], "usage": _usage(words)})


def models() -> bytes:
    """The answer to who asks what there is."""
    return _json({"object": "list", "data": [{"id": m, "object": "model"} for m in MODELS]})


@attrs.define(eq=False)
class Client:
    """One connection. `left` words are still to be said, the next one `gap` seconds after the last."""

    link: socket.socket
    said: bytearray = attrs.field(factory=bytearray)
    words: int = 0
    left: int = 0
    gap: float = 0.0


@attrs.define(eq=False)
class Upstream:
    """All connections of one process."""

    listener: socket.socket
    _epoll: select.epoll = attrs.field(factory=select.epoll)
    _clients: dict[int, Client] = attrs.field(factory=dict)
    _due: list[tuple[float, int, Client]] = attrs.field(factory=list)
    _whole: dict[int, bytes] = attrs.field(factory=dict)

    def run(self) -> None:
        """Answers for ever."""
        self._epoll.register(self.listener, select.EPOLLIN)
        while True:
            for fd, _ in self._epoll.poll(self._patience()):
                if fd == self.listener.fileno():
                    self._accept()
                else:
                    self._read(fd, self._clients[fd])
            self._speak(time.monotonic())

    def _patience(self) -> float:
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else -1

    def _accept(self) -> None:
        accepted, _ = self.listener.accept()
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clients[accepted.fileno()] = Client(accepted)
        self._epoll.register(accepted, select.EPOLLIN)

    def _read(self, fd: int, client: Client) -> None:
        try:
            data = client.link.recv(65536)
        except (ConnectionError, BlockingIOError):
            data = b""
        if not data:
            self._drop(fd, client)
            return
        client.said += data
        while (end := client.said.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(client.said, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(client.said) < whole:
                return
            request = bytes(client.said[:whole])
            del client.said[:whole]
            self._answer(fd, client, request)

    def _drop(self, fd: int, client: Client) -> None:
        client.left = 0
        del self._clients[fd]
        self._epoll.unregister(fd)
        client.link.close()

    def _answer(self, fd: int, client: Client, request: bytes) -> None:
        if request.startswith(b"GET"):
            _send(client, models())
            return
        say = _SAY.search(request)
        words, gap = (int(say[1]), int(say[2])) if say else (1, 0)
        if not _STREAM.search(request):
            answer = self._whole.get(words) or self._whole.setdefault(words, whole(words))
            _send(client, answer)
            return
        first = STREAM_HEAD + ROLE + DELTA
        if gap == 0:
            _send(client, first + DELTA * (words - 1) + last(words))
            return
        client.words, client.left, client.gap = words, words - 1, gap / 1000
        _send(client, first)
        heappush(self._due, (time.monotonic() + client.gap, fd, client))

    def _speak(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            due, fd, client = heappop(self._due)
            if client.left <= 0:
                continue
            client.left -= 1
            _send(client, DELTA if client.left else DELTA + last(client.words))
            if client.left:
                heappush(self._due, (due + client.gap, fd, client))


def _send(client: Client, data: bytes) -> None:
    """What is sent is small: either all goes out at once, or the client has left or does not read."""
    try:
        client.link.send(data)
    except OSError:
        client.left = 0  # its reader notices, too


def main() -> None:
    """Listens, says where, and answers."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    print(listener.getsockname()[1], flush=True)
    Upstream(listener).run()


if __name__ == "__main__":
    main()
