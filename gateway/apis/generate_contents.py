"""Google's contents to OpenAI's messages: parts of text, thoughts, media, calls of functions, responses. Pure.

What OpenAI's form has no words for is noted by its place (`Contents.only`). Google's calls may have no ids:
then one is made up from their place, and the responses find their calls by name, in their order.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import msgspec

from gateway.apis.names import member, objects
from gateway.errors import bad_request
from gateway.fields import string

ROLES = {"user": "user", "model": "assistant", "function": "user", "tool": "user"}
SOUNDS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mp3": "mp3",
    "audio/mpeg": "mp3",
}
ANSWERS = ("output", "result")
"""Members in which a response's text stands, if it is nothing but that."""

NO_CALL = "call_none"
"""The id of a call that was never made, for a response to it. OpenAI allows forty characters."""


@attrs.define(eq=False)
class Contents:
    """The messages made so far, the calls that have no response yet, and what other forms cannot say."""

    messages: list[dict[str, Any]] = attrs.field(factory=list)
    only: str | None = None
    _open: list[tuple[str, str]] = attrs.field(factory=list)
    _calls: int = 0

    def instruct(self, content: Any, where: str) -> None:
        """Reads the instructions: a content, or text."""
        if isinstance(content, str):
            text = content
        else:
            parts = [
                part
                for _, one in objects(content, where)
                for part in objects(one.get("parts"), f"{where}.parts")
            ]
            text = "".join(string(part.get("text"), f"{at}.text") for at, part in parts)
        if text:
            self.messages.append({"role": "system", "content": text})

    def read(self, value: Any) -> None:
        """Reads the conversation.

        Raises:
            ApiError: 400, with the place of what is missing or mistyped.
        """
        if isinstance(value, str):
            value = [{"parts": [{"text": value}]}]
        contents = objects(value, "contents")
        if not contents:
            raise bad_request("'contents' must be a non-empty array", "contents")
        for where, content in contents:
            role = content.get("role") or "user"
            if not isinstance(role, str) or role not in ROLES:
                words = f"'{where}.role' must be one of user, model"
                raise bad_request(words, f"{where}.role")
            parts = objects(content.get("parts"), f"{where}.parts")
            if ROLES[role] == "assistant":
                self._model(parts)
            else:
                self._user(parts)
        if not any(message["role"] != "system" for message in self.messages):
            raise bad_request("'contents[0].parts' must be a non-empty array", "contents[0].parts")

    def _user(self, parts: list[tuple[str, Mapping[str, Any]]]) -> None:
        said: list[dict[str, Any]] = []
        for where, part in parts:
            response = member(part, "functionResponse")
            if response is not None:
                said += self._response(response, f"{where}.functionResponse")
            else:
                said += self._part(part, where)
        if said:
            self.messages.append({"role": "user", "content": _plain(said)})

    def _model(self, parts: list[tuple[str, Mapping[str, Any]]]) -> None:
        texts, thoughts, calls = list[str](), list[str](), list[dict[str, Any]]()
        kept: dict[str, Any] = {}
        for where, part in parts:
            call, signature = member(part, "functionCall"), member(part, "thoughtSignature")
            if call is not None:
                calls.append(self._call(call, f"{where}.functionCall", signature))
                continue
            if not isinstance(part.get("text"), str):
                self._foreign(where)
            elif part.get("thought") is True:
                thoughts.append(part["text"])
            else:
                texts.append(part["text"])
            if isinstance(signature, str) and part.get("thought") is not True:
                kept = _signed(signature)
        said = {
            "role": "assistant",
            "content": "".join(texts),
            "reasoning_content": "".join(thoughts) or None,
            "tool_calls": calls or None,
            "extra_content": kept or None,
        }
        self.messages.append({name: value for name, value in said.items() if value is not None})

    def _call(self, call: Any, where: str, signature: Any) -> dict[str, Any]:
        arguments = call.get("args", {}) if isinstance(call, dict) else None
        if not isinstance(arguments, dict | None) or not isinstance(call, dict):
            raise bad_request(f"'{where}.args' must be an object", f"{where}.args")
        name = string(call.get("name"), f"{where}.name")
        given = call.get("id")
        call_id = given if isinstance(given, str) and given else f"call_at_{self._calls}"
        self._calls += 1
        self._open.append((call_id, name))
        written = msgspec.json.encode(arguments or {}).decode()
        told: dict[str, Any] = {
            "id": call_id,
            "type": "function",
            "function": {"name": name, "arguments": written},
        }
        return {**told, "extra_content": _signed(signature)} if signature else told

    def _response(self, response: Any, where: str) -> Iterator[dict[str, Any]]:
        """The message of a response; gives the media in it, which OpenAI takes from users only."""
        if not isinstance(response, dict):
            raise bad_request(f"'{where}' must be an object", where)
        name = string(response.get("name"), f"{where}.name")
        call_id = self._answered(response.get("id"), name)
        text = _text_of(response.get("response"))
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": text})
        for at, part in objects(response.get("parts"), f"{where}.parts"):
            yield from self._part(part, at)

    def _answered(self, given: Any, name: str) -> str:
        """The id of the call that a response belongs to: its own, or that of the first call by this name."""
        by_id = [call for call in self._open if call[0] == given]
        by_name = [call for call in self._open if call[1] == name]
        for call in (by_id or by_name)[:1]:
            self._open.remove(call)
            return call[0]
        return given if isinstance(given, str) and given else NO_CALL

    def _part(self, part: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
        if isinstance(part.get("text"), str):
            yield {"type": "text", "text": part["text"]}
            return
        made = _inline(member(part, "inlineData")) or _file(member(part, "fileData"))
        if made is None or member(part, "videoMetadata") is not None:
            self._foreign(where)
        yield made or {"type": "text", "text": ""}

    def _foreign(self, where: str) -> None:
        self.only = self.only or where


def _signed(signature: Any) -> dict[str, Any]:
    return {"google": {"thought_signature": signature}}


def _text_of(response: Any) -> str:
    """A response is an object; one that only holds a text is that text."""
    if isinstance(response, dict) and len(response) == 1:
        (name, value), *_ = response.items()
        if name in ANSWERS and isinstance(value, str):
            return value
    return msgspec.json.encode({} if response is None else response).decode()


def _inline(blob: Any) -> dict[str, Any] | None:
    kind = member(blob, "mimeType") if isinstance(blob, dict) else None
    data = blob.get("data") if isinstance(blob, dict) else None
    if not isinstance(kind, str) or not isinstance(data, str):
        return None
    if kind in SOUNDS:
        return {"type": "input_audio", "input_audio": {"data": data, "format": SOUNDS[kind]}}
    url = f"data:{kind};base64,{data}"
    if kind.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": "file", "file_data": url}}


def _file(held: Any) -> dict[str, Any] | None:
    """A file elsewhere: OpenAI takes only images by their address."""
    url = member(held, "fileUri") if isinstance(held, dict) else None
    kind = str(member(held, "mimeType") or "") if isinstance(held, dict) else ""
    reached = isinstance(url, str) and url.startswith(("http://", "https://"))
    if reached and kind.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": url}}
    return None


def _plain(parts: list[dict[str, Any]]) -> list[dict[str, Any]] | str:
    if all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts)
    return parts
