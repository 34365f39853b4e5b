"""The input of OpenAI's Responses API to chat messages: turns, calls of tools, results and thoughts. Pure.

What a chat has no words for is noted by its place (`Items.only`): then only an upstream that speaks this form
can take the request.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from gateway.apis.responses_parts import objects, read_part
from gateway.errors import bad_request
from gateway.fields import string
from providers.lenient import fields, rows, text

ROLES = ("user", "assistant", "system", "developer")
CALLS = ("function_call", "custom_tool_call")
RESULTS = ("function_call_output", "custom_tool_call_output")
ENCRYPTED = "encrypted_content"
ELSEWHERE = ("previous_response_id", "conversation", "prompt")
"""Members that say where the input is, if it is not here."""


@attrs.define(eq=False)
class Items:
    """The messages made so far, and the first place that a chat cannot say.

    What an assistant thought, said and called in a row is one turn. Media among results wait until all
    results were told, as a chat takes them from users only.
    """

    messages: list[dict[str, Any]] = attrs.field(factory=list)
    only: str | None = None
    _turn: dict[str, Any] | None = None
    _thoughts: list[Mapping[str, Any]] = attrs.field(factory=list)
    _shown: list[dict[str, Any]] = attrs.field(factory=list)

    def read(self, body: Mapping[str, Any]) -> None:
        """Reads the instructions and all items.

        Raises:
            ApiError: 400, with the place of what is missing or mistyped.
        """
        if (instructions := body.get("instructions")) is not None:
            content = string(instructions, "instructions")
            self.messages.append({"role": "system", "content": content})
        given = body.get("input")
        if isinstance(given, str):
            self.messages.append({"role": "user", "content": given})
            return
        if given is None and any(body.get(name) is not None for name in ELSEWHERE):
            return
        for where, item in objects(given, "input"):
            self._item(item, where)
        self._show()

    def _item(self, item: Mapping[str, Any], where: str) -> None:
        kind = item.get("type") or "message"
        if kind in RESULTS:
            self._result(item, where)
            return
        self._show()
        if kind == "message":
            self._message(item, where)
        elif kind in CALLS:
            self._call(item, where)
        elif kind == "reasoning":
            self._thoughts.append(item)
        else:
            self._foreign(where)

    def _message(self, item: Mapping[str, Any], where: str) -> None:
        role = item.get("role")
        if role not in ROLES:
            raise bad_request(f"'{where}.role' must be one of {', '.join(ROLES)}", f"{where}.role")
        parts = list(self._parts(item.get("content"), f"{where}.content"))
        if role != "assistant":
            self._turn, self._thoughts = None, []
            self.messages.append({"role": role, "content": _plain(parts)})
            return
        turn = self._answering(fresh="content" in (self._turn or {}))
        turn["content"] = "".join(part[part["type"]] for part in parts)
        if extra := fields(item.get("extra_content")):
            turn["extra_content"] = {**turn.get("extra_content", {}), **extra}

    def _call(self, item: Mapping[str, Any], where: str) -> None:
        kind = "custom" if item["type"] == "custom_tool_call" else "function"
        member = "input" if kind == "custom" else "arguments"
        told = {name: string(item.get(name), f"{where}.{name}") for name in ("name", member)}
        if not told["name"]:
            raise bad_request(f"'{where}.name' must not be empty", f"{where}.name")
        called = string(item.get("call_id"), f"{where}.call_id")
        call: dict[str, Any] = {"id": called, "type": kind, kind: told}
        if extra := fields(item.get("extra_content")):
            call["extra_content"] = extra
        self._answering().setdefault("tool_calls", []).append(call)

    def _result(self, item: Mapping[str, Any], where: str) -> None:
        self._turn = None
        called = string(item.get("call_id"), f"{where}.call_id")
        parts = list(self._parts(item.get("output"), f"{where}.output"))
        content = "".join(part["text"] for part in parts if part["type"] == "text")
        self.messages.append({"role": "tool", "tool_call_id": called, "content": content})
        self._shown += [part for part in parts if part["type"] != "text"]

    def _answering(self, *, fresh: bool = False) -> dict[str, Any]:
        """The assistant's turn that goes on, with what was thought before."""
        turn = self._turn
        if turn is None or fresh:
            turn = self._turn = {"role": "assistant"}
            self.messages.append(turn)
        thoughts, self._thoughts = self._thoughts, []
        if words := "\n\n".join(filter(None, map(_thought, thoughts))):
            turn["reasoning_content"] = "\n\n".join(
                filter(None, (turn.get("reasoning_content"), words))
            )
        if sealed := [item for item in thoughts if text(item.get(ENCRYPTED))]:
            known = turn.setdefault("extra_content", {}).setdefault("openai", {})
            known["reasoning"] = [*known.get("reasoning", ()), *map(_sealed, sealed)]
        return turn

    def _parts(self, content: Any, where: str) -> Iterator[dict[str, Any]]:
        if isinstance(content, str):
            yield {"type": "text", "text": content}
            return
        for at, part in objects(content, where):
            told = read_part(part, at)
            if told is None:
                self._foreign(at)
            else:
                yield told

    def _show(self) -> None:
        """What results showed, as the user's next words."""
        shown, self._shown = self._shown, []
        if shown:
            self._turn = None
            self.messages.append({"role": "user", "content": shown})

    def _foreign(self, where: str) -> None:
        self.only = self.only or where


def _plain(parts: list[dict[str, Any]]) -> Any:
    """Text alone as a string: not everybody takes parts in every role."""
    if all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts)
    return parts


def _thought(item: Mapping[str, Any]) -> str:
    """The words of a thought: as they were, else summed up."""
    told = rows(item.get("content")) or rows(item.get("summary"))
    return "\n\n".join(text(part.get("text")) for part in told)


def _sealed(item: Mapping[str, Any]) -> dict[str, Any]:
    """What its own provider needs to read a thought again."""
    names = ("type", "id", "summary", "content", ENCRYPTED)
    return {name: item[name] for name in names if item.get(name) is not None}
