"""An upstream on loopback that takes requests of the Responses API, as each key's own account; and chats.

It keeps what it answers unless it is told not to, and says things that nobody knows. In both it calls the first
tool it is given once, and says JSON where a format is asked for.
"""

import json
from collections.abc import Iterator
from typing import Any

import attrs
import h11
import trio

NOVELTY = {"type": "response.novelty", "novelty": True}
THOUGHT = {
    "type": "reasoning",
    "id": "rs_up",
    "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "sealed",
}
CALL = {"type": "function_call", "id": "fc_up", "call_id": "call_up", "name": "add"}
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 14,
}


@attrs.define(eq=False)
class ResponsesUpstream:
    """What it was asked, by key, and what it keeps. `delay` is in seconds."""

    url: str = ""
    delay: float = 0.0
    asked: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)
    kept: set[tuple[str, str]] = attrs.field(factory=set)
    sent: list[bytes] = attrs.field(factory=list)

    async def serve(self, *, task_status: trio.TaskStatus[None]) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        task_status.started()
        await trio.serve_listeners(self._client, listeners)

    async def _client(self, stream: trio.SocketStream) -> None:
        http = h11.Connection(h11.SERVER)
        head: Any = None
        body = b""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await stream.receive_some(65536))
            elif isinstance(event, h11.Request):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                for piece in self._answer(http, head, body):
                    await trio.sleep(self.delay)
                    await stream.send_all(piece)
                http.start_next_cycle()
            else:
                return

    def _answer(self, http: h11.Connection, head: h11.Request, body: bytes) -> Iterator[bytes]:
        key = dict(head.headers)[b"authorization"].decode().removeprefix("Bearer ")
        if head.method == b"GET":
            return self._send(http, 200, json.dumps({"data": [{"id": "gpt-5-pro"}]}).encode())
        asked = json.loads(body)
        self.asked.append((key, asked))
        if head.target == b"/v1/chat/completions":
            return self._send(http, 200, b"".join(_chat(asked)), b"text/event-stream")
        assert head.target == b"/v1/responses", head.target
        previous = asked.get("previous_response_id")
        if previous is not None and (key, previous) not in self.kept:
            words = {"message": "not found", "code": "previous_response_not_found"}
            error = {**words, "type": "invalid_request_error", "param": "previous_response_id"}
            return self._send(http, 400, json.dumps({"error": error}).encode())
        return self._said(http, key, asked)

    def _said(self, http: h11.Connection, key: str, asked: dict[str, Any]) -> Iterator[bytes]:
        response = self._response(asked)
        if asked.get("store") is not False:
            self.kept.add((key, response["id"]))
        if not asked.get("stream"):
            self.sent.append(json.dumps(response, indent=1).encode())
            return self._send(http, 200, self.sent[-1])
        self.sent.append(b"".join(map(_frame, _events(response))))
        return self._send(http, 200, self.sent[-1], b"text/event-stream")

    def _response(self, asked: dict[str, Any]) -> dict[str, Any]:
        parts = [{"type": "output_text", "text": "Merhaba", "annotations": [], "logprobs": []}]
        said: dict[str, Any] = {"type": "message", "id": "msg_up", "role": "assistant"}
        output = [THOUGHT, {**said, "content": parts, "status": "completed"}]
        if asked.get("tools") and not _has_result(asked):
            output = [THOUGHT, {**CALL, "arguments": '{"a": 1}', "status": "completed"}]
        return {
            "id": f"resp_up{len(self.asked)}",
            "object": "response",
            "created_at": 5,
            "model": asked["model"],
            "status": "completed",
            "output": output,
            "usage": USAGE,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "parallel_tool_calls": True,
            "temperature": 1.0,
            "top_p": 1.0,
            "tools": [],
            "tool_choice": "auto",
            "novelty": {"a": 1},
        }

    def _send(
        self, http: h11.Connection, status: int, body: bytes, kind: bytes = b"application/json"
    ) -> Iterator[bytes]:
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        yield http.send(h11.Response(status_code=status, headers=headers)) or b""
        yield http.send(h11.Data(data=body)) or b""
        yield http.send(h11.EndOfMessage()) or b""


def _chat(asked: dict[str, Any]) -> Iterator[bytes]:
    """A streamed chat: thoughts, then a call of a tool, or words."""
    assert asked["stream"] is True, "whole answers are put together from pieces"
    deltas: list[dict[str, Any]] = [{"role": "assistant", "reasoning_content": "hm"}]
    reason = "stop"
    if asked.get("tools") and asked["messages"][-1]["role"] != "tool":
        reason = "tool_calls"
        call = {"name": asked["tools"][0]["function"]["name"], "arguments": ""}
        begun = {"index": 0, "id": "call_up", "function": call}
        pieces = [{"index": 0, "function": {"arguments": piece}} for piece in ('{"a": ', "1}")]
        deltas += [{"tool_calls": [piece]} for piece in (begun, *pieces)]
    elif asked.get("response_format"):
        deltas += [{"content": '{"city": "İzmir", '}, {"content": '"people": 3}'}]
    else:
        deltas += [{"content": "Mer"}, {"content": "haba"}]
    for delta in deltas:
        yield _chunk([{"index": 0, "delta": delta, "finish_reason": None}])
    yield _chunk([{"index": 0, "delta": {}, "finish_reason": reason}])
    yield _chunk([], {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14})
    yield b"data: [DONE]\n\n"


def _chunk(choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> bytes:
    chunk = {"id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 5, "model": "up"}
    return f"data: {json.dumps({**chunk, 'choices': choices, 'usage': usage})}\n\n".encode()


def _has_result(asked: dict[str, Any]) -> bool:
    given = asked["input"]
    kinds = [item.get("type") for item in given] if isinstance(given, list) else []
    return "function_call_output" in kinds


def _events(response: dict[str, Any]) -> Iterator[dict[str, Any]]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    yield NOVELTY
    for place, item in enumerate(response["output"]):
        at = {"output_index": place, "item_id": item["id"]}
        yield {"type": "response.output_item.added", **at, "item": {**item, "content": []}}
        for part in item.get("content", ()):
            told = {"content_index": 0, "delta": part["text"], "logprobs": []}
            yield {"type": "response.output_text.delta", **at, **told}
        if "arguments" in item:
            told = {"delta": item["arguments"]}
            yield {"type": "response.function_call_arguments.delta", **at, **told}
        yield {"type": "response.output_item.done", **at, "item": item}
    yield {"type": "response.completed", "response": response}


def _frame(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
