"""Realtime sessions in OpenAI's form: what the messages of an upstream mean. Pure.

Messages are passed on as they are. Read are only the first, which decides whether there is a session, and what
each answer has used.
"""

from typing import Any

import msgspec

from providers.advice import in_band, read_error
from providers.lenient import count, fields, text
from providers.types import Event, Frame, Made, Usage, UsageSeen

CREATED = "session.created"

_USED = b'"response.done"'


class SessionReader:
    """Reads one session's messages, in their order."""

    def __init__(self) -> None:
        self._begun = False
        self._usage = Usage()

    def read(self, data: str | bytes) -> list[Event]:
        """The message, and what it means.

        Raises:
            ProviderError: there is no session.
        """
        said: list[Event] = [Frame(data)]
        raw = data.encode() if isinstance(data, str) else data
        if self._begun and _USED not in raw.replace(b" ", b""):
            return said
        value = fields(_json(raw))
        kind = text(value.get("type"))
        if not self._begun:
            if kind == "error":
                raise in_band(read_error(value))
            if kind == CREATED:
                self._begun = True
                said.append(Made(len(raw)))
        if kind == "response.done":
            told = fields(value.get("response")).get("usage")
            self._usage = _sum(self._usage, told or value.get("usage"))
            said.append(UsageSeen(self._usage))
        return said


def _sum(known: Usage, more: Any) -> Usage:
    """All that was used so far; every answer's usage is its own. xAI tells it beside the answer."""
    usage = fields(more)
    prompt, completion = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    cached = count(fields(usage.get("input_token_details")).get("cached_tokens"))
    return Usage(
        prompt=known.prompt + prompt,
        completion=known.completion + completion,
        total=known.total + (count(usage.get("total_tokens")) or prompt + completion),
        cached=known.cached + cached,
    )


def _json(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None
