"""OpenAI's messages to a conversation: turns, parts, calls of tools and their results. Pure.

What is wrong is a 400 that names the place; what is not known goes on only to who speaks OpenAI's format.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from gateway.errors import ApiError, bad_request
from gateway.fields import string
from providers.conversation import (
    AudioPart,
    FilePart,
    ForeignPart,
    ImagePart,
    Message,
    Part,
    Role,
    TextPart,
    ToolUse,
)

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
MAX_MESSAGES = 10_000
MAX_CALLS = 1024
"""Calls of tools in one turn."""


def read_messages(body: Mapping[str, Any]) -> tuple[Message, ...]:
    """The conversation.

    Raises:
        ApiError: 400, with the message that is missing, mistyped or not known.
    """
    if "messages" not in body:
        raise bad_request("Missing required parameter: 'messages'", "messages")
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        raise bad_request("'messages' must be a non-empty array", "messages")
    if len(messages) > MAX_MESSAGES:
        raise bad_request(f"'messages' may hold at most {MAX_MESSAGES} messages", "messages")
    return tuple(_message(message, f"messages[{n}]") for n, message in enumerate(messages))


def _message(message: Any, where: str) -> Message:
    if not isinstance(message, dict):
        raise bad_request(f"'{where}' must be an object", where)
    if "role" not in message:
        raise bad_request(f"Missing required parameter: '{where}.role'", f"{where}.role")
    role = message["role"]
    if role not in ROLES:
        raise bad_request(f"'{where}.role' must be one of {', '.join(ROLES)}", f"{where}.role")
    if role == "assistant":
        return _assistant(message, where)
    if role in ("tool", "function"):
        return _result(message, where)
    text, parts = _content(message.get("content"), f"{where}.content")
    return Message(cast("Role", role), text, parts)


def _assistant(message: Mapping[str, Any], where: str) -> Message:
    """A turn may say nothing where it calls tools, or refuses."""
    if message.get("audio"):
        raise bad_request(f"'{where}.audio' is not supported yet", f"{where}.audio")
    calls = _calls(message, where)
    content = message.get("content")
    text, parts = "", cast("tuple[Part, ...]", ())
    if content is None and message.get("refusal"):
        text = string(message["refusal"], f"{where}.refusal")
    elif content is not None or not calls:
        text, parts = _content(content, f"{where}.content", empty=bool(calls))
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    thought = reasoning if isinstance(reasoning, str) else ""
    return Message("assistant", text, parts, calls, reasoning=thought, extra=_extra(message))


def _result(message: Mapping[str, Any], where: str) -> Message:
    """What came of a call. The old form says by its name which function that was."""
    named = "tool_call_id" if message["role"] == "tool" else "name"
    if named not in message:
        raise bad_request(f"Missing required parameter: '{where}.{named}'", f"{where}.{named}")
    text, parts = _content(message.get("content"), f"{where}.content", empty=True)
    return Message("tool", text, parts, tool_call_id=string(message[named], f"{where}.{named}"))


def _calls(message: Mapping[str, Any], where: str) -> tuple[ToolUse, ...]:
    old = message.get("function_call")
    if old is not None:
        place = f"{where}.function_call"
        return (_function({"function": old, "id": _name(old, place)}, place, "function_call"),)
    calls = message.get("tool_calls")
    if calls is None:
        return ()
    place = f"{where}.tool_calls"
    if not isinstance(calls, list) or len(calls) > MAX_CALLS:
        raise bad_request(f"'{place}' must be an array of at most {MAX_CALLS} calls", place)
    return tuple(_call(call, f"{place}[{n}]") for n, call in enumerate(calls))


def _call(call: Any, where: str) -> ToolUse:
    if not isinstance(call, dict):
        raise bad_request(f"'{where}' must be an object", where)
    string(call.get("id"), f"{where}.id")
    kind = call.get("type", "function")
    if kind == "custom":
        custom = call.get("custom")
        given = string(
            custom.get("input") if isinstance(custom, dict) else None, f"{where}.custom.input"
        )
        return ToolUse(call["id"], _name(custom, f"{where}.custom"), given, "custom", _extra(call))
    if kind != "function":
        raise bad_request(f"'{where}.type' must be function or custom", f"{where}.type")
    return _function(call, where, "function")


def _function(call: Mapping[str, Any], where: str, member: str) -> ToolUse:
    function = call.get("function")
    place = where if member == "function_call" else f"{where}.{member}"
    name = _name(function, place)
    arguments = function.get("arguments") if isinstance(function, dict) else None
    given = "" if arguments is None else string(arguments, f"{place}.arguments")
    return ToolUse(call["id"], name, given, extra=_extra(call))


def _name(holder: Any, where: str) -> str:
    name = holder.get("name") if isinstance(holder, dict) else None
    if not isinstance(name, str) or not name:
        raise bad_request(f"'{where}.name' must be a non-empty string", f"{where}.name")
    return name


def _extra(call: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = call.get("extra_content")
    return extra if isinstance(extra, dict) else {}


def _content(content: Any, where: str, *, empty: bool = False) -> tuple[str, tuple[Part, ...]]:
    """The text in a turn, and its parts where they are more than text."""
    if isinstance(content, str):
        return content, ()
    if empty and (content is None or content == []):
        return "", ()
    if not isinstance(content, list) or not content:
        raise bad_request(f"'{where}' must be a string or a non-empty array of parts", where)
    parts = tuple(_part(part, f"{where}[{n}]") for n, part in enumerate(content))
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    return "".join(texts), () if len(texts) == len(parts) else parts


def _part(part: Any, where: str) -> Part:
    if not isinstance(part, dict):
        raise bad_request(f"'{where}' must be an object", where)
    kind = part.get("type")
    if not isinstance(kind, str):
        raise bad_request(f"'{where}.type' must be a string", f"{where}.type")
    read = _PARTS.get(kind)
    return ForeignPart(kind[:64]) if read is None else read(part, where)


def _text(part: Mapping[str, Any], where: str) -> Part:
    kind = part["type"]
    return TextPart(string(part.get(kind), f"{where}.{kind}"))


def _image(part: Mapping[str, Any], where: str) -> Part:
    image = part.get("image_url")
    holder = image if isinstance(image, dict) else {"url": image}
    url = string(holder.get("url"), f"{where}.image_url.url")
    if not url.startswith(("https://", "http://", "data:image/")):
        raise _not_a("an http or data URL of an image", f"{where}.image_url.url")
    detail = holder.get("detail")
    return ImagePart(url, detail if isinstance(detail, str) else None)


def _audio(part: Mapping[str, Any], where: str) -> Part:
    place = f"{where}.input_audio"
    holder = _object(part.get("input_audio"), place)
    data = string(holder.get("data"), f"{place}.data")
    return AudioPart(data, string(holder.get("format"), f"{place}.format"))


def _file(part: Mapping[str, Any], where: str) -> Part:
    place = f"{where}.file"
    holder = _object(part.get("file"), place)
    given = {
        name: string(holder[name], f"{place}.{name}")
        for name in ("file_data", "filename", "file_id")
        if holder.get(name) is not None
    }
    if not given.keys() & {"file_data", "file_id"}:
        raise bad_request(f"'{place}' must hold file_data or file_id", place)
    return FilePart(given.get("file_data"), given.get("filename"), given.get("file_id"))


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise bad_request(f"'{where}' must be an object", where)
    return cast("dict[str, Any]", value)


def _not_a(what: str, where: str) -> ApiError:
    return bad_request(f"'{where}' must be {what}", where)


_PARTS: Mapping[str, Callable[[Mapping[str, Any], str], Part]] = {
    "text": _text,
    "refusal": _text,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
}
