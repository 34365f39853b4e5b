"""Anthropic's turns to OpenAI's messages: blocks of text, media, calls of tools, results and thoughts. Pure.

What OpenAI's form has no words for is noted by its place (`Turns.only`): then only an upstream that speaks
Anthropic's own form can take the request.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import msgspec

from gateway.errors import bad_request
from gateway.fields import string

MAX_MESSAGES = 100_000
ROLES = ("user", "assistant", "system")
THOUGHTS = ("thinking", "redacted_thinking")


@attrs.define(eq=False)
class Turns:
    """The messages made so far, and the first place that other forms cannot say."""

    messages: list[dict[str, Any]] = attrs.field(factory=list)
    only: str | None = None

    def read(self, body: Mapping[str, Any]) -> None:
        """Reads the instructions and all turns.

        Raises:
            ApiError: 400, with the place of what is missing or mistyped.
        """
        if (system := body.get("system")) is not None:
            self._system(system, "system")
        given = body.get("messages")
        if not isinstance(given, list) or not given:
            raise bad_request("'messages' must be a non-empty array", "messages")
        if len(given) > MAX_MESSAGES:
            raise bad_request(f"'messages' may hold at most {MAX_MESSAGES} messages", "messages")
        for n, message in enumerate(given):
            self._turn(message, f"messages[{n}]")

    def _turn(self, message: Any, where: str) -> None:
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise bad_request(f"'{where}.role' must be one of {', '.join(ROLES)}", f"{where}.role")
        if message["role"] == "system":
            self._system(message.get("content"), f"{where}.content")
        elif message["role"] == "assistant":
            self._assistant(_blocks(message.get("content"), f"{where}.content"))
        else:
            self._user(_blocks(message.get("content"), f"{where}.content"))

    def _system(self, content: Any, where: str) -> None:
        texts = [string(block.get("text"), f"{at}.text") for at, block in _blocks(content, where)]
        if any(texts):
            self.messages.append({"role": "system", "content": "".join(texts)})

    def _user(self, blocks: list[tuple[str, dict[str, Any]]]) -> None:
        """Results first, each a message of its own; then what else the user says, with what results show."""
        parts: list[dict[str, Any]] = []
        for where, block in blocks:
            if block["type"] == "tool_result":
                parts += self._result(block, where)
            else:
                parts += self._part(block, where)
        if parts:
            self.messages.append({"role": "user", "content": _plain(parts)})

    def _result(self, block: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
        """The message of a result; gives the media in it, which OpenAI takes from users only."""
        called = string(block.get("tool_use_id"), f"{where}.tool_use_id")
        inner = _blocks(block.get("content", ""), f"{where}.content")
        parts = [part for at, held in inner for part in self._part(held, at)]
        text = "".join(part["text"] for part in parts if part["type"] == "text")
        if block.get("is_error") is True and not text.lower().startswith("error"):
            text = f"Error: {text}"
        self.messages.append({"role": "tool", "tool_call_id": called, "content": text})
        return [part for part in parts if part["type"] != "text"]

    def _assistant(self, blocks: list[tuple[str, dict[str, Any]]]) -> None:
        texts, thoughts = list[str](), list[dict[str, Any]]()
        calls: list[dict[str, Any]] = []
        for where, block in blocks:
            kind = block["type"]
            if kind == "text":
                texts.append(string(block.get("text"), f"{where}.text"))
            elif kind in THOUGHTS:
                thoughts.append(block)
            elif kind == "tool_use":
                calls.append(_call(block, where))
            else:
                self._foreign(where)
        said: dict[str, Any] = {"role": "assistant", "content": "".join(texts)}
        if reasoning := "".join(str(block.get("thinking", "")) for block in thoughts):
            said["reasoning_content"] = reasoning
        signed = [block for block in thoughts if is_signed(block)]
        if calls and signed:
            calls[0]["extra_content"] = {"anthropic": {"thinking": signed}}
        if calls:
            said["tool_calls"] = calls
        self.messages.append(said)

    def _part(self, block: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
        kind = block["type"]
        if kind == "text":
            yield {"type": "text", "text": string(block.get("text"), f"{where}.text")}
            return
        part = _media(block) if kind in ("image", "document") else None
        if part is None:
            self._foreign(where)
        else:
            yield part

    def _foreign(self, where: str) -> None:
        self.only = self.only or where


def is_signed(block: Mapping[str, Any]) -> bool:
    """Whether a thought is Anthropic's own: those of other models come without a signature."""
    return bool(block.get("signature") or block.get("data"))


def _blocks(content: Any, where: str) -> list[tuple[str, dict[str, Any]]]:
    """The blocks of a turn with their places; a string is one block of text."""
    if isinstance(content, str):
        return [(where, {"type": "text", "text": content})]
    if not isinstance(content, list):
        raise bad_request(f"'{where}' must be a string or an array of blocks", where)
    found = []
    for n, block in enumerate(content):
        at = f"{where}[{n}]"
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise bad_request(f"'{at}' must be an object with a type", at)
        found.append((at, block))
    return found


def _call(block: Mapping[str, Any], where: str) -> dict[str, Any]:
    arguments = block.get("input")
    if not isinstance(arguments, dict):
        raise bad_request(f"'{where}.input' must be an object", f"{where}.input")
    name = string(block.get("name"), f"{where}.name")
    function = {"name": name, "arguments": msgspec.json.encode(arguments).decode()}
    return {
        "id": string(block.get("id"), f"{where}.id"),
        "type": "function",
        "function": function,
    }


def _media(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """An image or a file in OpenAI's form; None where it has none for this source."""
    source = block.get("source")
    if not isinstance(source, dict):
        return None
    data, kind = source.get("data"), source.get("type")
    if kind == "text" and isinstance(data, str):
        return {"type": "text", "text": data}
    url = source.get("url") if kind == "url" else None
    if kind == "base64" and isinstance(data, str):
        url = f"data:{source.get('media_type', '')};base64,{data}"
    if not isinstance(url, str):
        return None
    if block["type"] == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    if kind == "url":
        return None  # OpenAI takes files by their content
    title = block.get("title")
    name = title if isinstance(title, str) and title else "document"
    return {"type": "file", "file": {"filename": name, "file_data": url}}


def _plain(parts: list[dict[str, Any]]) -> list[dict[str, Any]] | str:
    """Text alone is a string, which every provider takes."""
    if all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts)
    return parts
