"""The parts that an item of OpenAI's Responses API holds, as those of a chat message. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.errors import bad_request
from gateway.fields import string
from providers.lenient import fields

MAX_ITEMS = 6_000
"""So that the messages they make are never more than a chat may hold."""


def objects(value: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of an array with their places.

    Raises:
        ApiError: 400, it is missing or no array of objects.
    """
    if value is None:
        raise bad_request(f"Missing required parameter: '{where}'", where)
    if not isinstance(value, list):
        raise bad_request(f"'{where}' must be a string or an array", where)
    if len(value) > MAX_ITEMS:
        raise bad_request(f"'{where}' may hold at most {MAX_ITEMS} items", where)
    for n, item in enumerate(value):
        if not isinstance(item, dict):
            raise bad_request(f"'{where}[{n}]' must be an object", f"{where}[{n}]")
        yield f"{where}[{n}]", item


def read_part(part: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    """The part of a chat message that says the same; None where there is none.

    Raises:
        ApiError: 400, with the member that is missing or mistyped.
    """
    kind = part.get("type")
    if not isinstance(kind, str):
        raise bad_request(f"'{where}.type' must be a string", f"{where}.type")
    read = _PARTS.get(kind)
    return None if read is None else read(part, where)


def _text(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {"type": "text", "text": string(part.get("text"), f"{where}.text")}


def _refusal(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {"type": "refusal", "refusal": string(part.get("refusal"), f"{where}.refusal")}


def _image(part: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    """An image by its URL; one that OpenAI keeps has no place in a chat."""
    if part.get("image_url") is None:
        return None
    url = string(part["image_url"], f"{where}.image_url")
    if not url.startswith(("https://", "http://", "data:image/")):
        words = f"'{where}.image_url' must be an http or data URL of an image"
        raise bad_request(words, f"{where}.image_url")
    detail = {} if part.get("detail") is None else {"detail": part["detail"]}
    return {"type": "image_url", "image_url": {"url": url, **detail}}


def _file(part: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    if part.get("file_data") is None and part.get("file_id") is None:
        return None
    names = ("file_data", "file_id", "filename")
    held = {
        name: string(part[name], f"{where}.{name}") for name in names if part.get(name) is not None
    }
    return {"type": "file", "file": held}


def _audio(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    place, given = f"{where}.input_audio", fields(part.get("input_audio"))
    sound = {name: string(given.get(name), f"{place}.{name}") for name in ("data", "format")}
    return {"type": "input_audio", "input_audio": sound}


_PARTS: Mapping[str, Callable[[Mapping[str, Any], str], dict[str, Any] | None]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
}
