"""What a client may see of one request: one complete answer, or one well-formed error, and nothing else."""

import json
from typing import Any, Literal, TypeAlias

from gateway.errors import TYPES
from providers.simulator import is_passage
from tests.system.wire import Answer

Verdict: TypeAlias = Literal["complete", "refused", "broken off"]


def judge(answer: Answer) -> Verdict:
    """What the answer is. Fails the test if it is none of the three."""
    assert answer.complete, f"cut after {bytes(answer.body[-200:])!r}"
    assert not answer.broken
    if answer.status != 200:
        return _refused(answer)
    if answer.headers["content-type"].startswith("text/event-stream"):
        return _streamed(answer.data)
    _whole(answer.json)
    return "complete"


def _refused(answer: Answer) -> Verdict:
    _error(answer.json, answer.status)
    if answer.status == 429:
        assert int(answer.headers["retry-after"]) >= 1
    return "refused"


def _streamed(data: list[str]) -> Verdict:
    ended = data[-1] == "[DONE]"
    chunks = [json.loads(item) for item in (data[:-1] if ended else data)]
    if not ended:
        _error(chunks.pop(), 503)
    assert not any("error" in chunk for chunk in chunks)
    assert len({chunk["id"] for chunk in chunks}) == 1
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert [c["delta"].get("role") for c in choices] == ["assistant"] + [None] * (len(choices) - 1)
    text = "".join(choice["delta"].get("content", "") for choice in choices)
    assert is_passage(text), f"not one passage: {text!r}"
    reasons = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    assert len(reasons) == 1 if ended else len(reasons) <= 1, reasons
    return "complete" if ended else "broken off"


def _whole(body: Any) -> None:
    (choice,) = body["choices"]
    assert is_passage(choice["message"]["content"])
    assert choice["finish_reason"] in {"stop", "length"}


def _error(body: Any, status: int) -> None:
    error = body["error"]
    assert set(body) == {"error"}
    assert (error["code"], error["type"]) == (status, TYPES[status]), error
    assert error["message"]
