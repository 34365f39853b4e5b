"""Anthropic's Messages API as a dialect, for a base URL without a version.

Every OpenAI parameter that the API has nothing for is refused by name. Version 2023-06-01 of the API is
asked for.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec

from providers.anthropic_answer import MessageReader, StreamReader
from providers.anthropic_chat import chat_body
from providers.anthropic_errors import error_of
from providers.anthropic_limits import limits_of, moment
from providers.base import Decoder, WireRequest, speaks
from providers.body import parse
from providers.counting import CountReader
from providers.errors import BrokenAnswer, ProviderError, RequestRejected
from providers.lenient import fields, rows, text
from providers.parameters import TOOLS, first_refused, foreign_tools
from providers.reading import Streamed, whole
from providers.types import (
    JSON,
    Call,
    ChatCall,
    CountCall,
    EmbedCall,
    Form,
    ModelInfo,
    Native,
    PlainCall,
    RateLimits,
    Secret,
    SessionCall,
)
from providers.verbatim import verbatim

VERSION = ("anthropic-version", "2023-06-01")
HONOURED = TOOLS | {"response_format", "reasoning_effort"}
COUNTED = frozenset(
    {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"}
)
"""What has tokens, or changes how many there are."""
PAGE = 1000


class Anthropic:
    """Implements `providers.base.Dialect`."""

    name = "anthropic"
    forms = frozenset[Form]({"anthropic"})

    def refuses(self, call: Call) -> str | None:
        if isinstance(call, EmbedCall):
            return "input"
        if isinstance(call, PlainCall):
            return call.operation
        if isinstance(call, SessionCall):
            return "realtime"
        if isinstance(call, CountCall):
            return self.refuses(call.chat)
        if any(stop and not stop.strip() for stop in call.stop):
            return "stop"
        return first_refused(call, HONOURED) or foreign_tools(call)

    def encode(self, call: Call, model: str) -> WireRequest:
        if isinstance(call, EmbedCall | PlainCall | SessionCall):
            raise RequestRejected("Only chats are offered here", param=self.refuses(call))
        own = call.native if speaks(self, call) else None
        headers = {"content-type": "application/json"} | dict([VERSION])
        return WireRequest(
            path="/v1/messages/count_tokens" if isinstance(call, CountCall) else "/v1/messages",
            body=msgspec.json.encode(body_of(call, model, own)),
            headers=tuple((headers | dict(own.headers if own else ())).items()),
        )

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        return (("x-api-key", secret.reveal),)

    def decoder(self, call: Call) -> Decoder:
        if isinstance(call, CountCall):
            counted = whole(CountReader("input_tokens"))
            return verbatim(counted, stream=False) if speaks(self, call) else counted
        read = Streamed(StreamReader()) if call.stream else whole(MessageReader())
        return verbatim(read, stream=call.stream) if speaks(self, call) else read

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return error_of(status, headers, body)

    def limits(self, headers: Mapping[str, str]) -> RateLimits:
        return limits_of(headers)

    def list_models(self, page: str | None = None) -> WireRequest:
        cursor = {} if page is None else {"after_id": page}
        query = urlencode({"limit": PAGE, **cursor})
        return WireRequest(path=f"/v1/models?{query}", method="GET", headers=(VERSION,))

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:
        listed = fields(parse(body))
        if not isinstance(listed.get("data"), list):
            raise BrokenAnswer("Anthropic's list of models is none")
        more = text(listed.get("last_id")) if listed.get("has_more") is True else ""
        return [_model(row) for row in rows(listed["data"])], more or None


def body_of(call: ChatCall | CountCall, model: str, own: Native | None) -> JSON:
    """The request's body; what the client has told in this form itself (`own`) is left as it is.

    Raises:
        RequestRejected: a part of a message cannot be expressed.
    """
    if own is not None:
        return {**own.body, "model": model}
    if isinstance(call, ChatCall):
        return chat_body(call, model)
    told = chat_body(call.chat, model).items()
    return {name: value for name, value in told if name in COUNTED}


def _model(row: JSON) -> ModelInfo:
    return ModelInfo(text(row.get("id")), _unix(text(row.get("created_at"))), "anthropic")


def _unix(stamp: str) -> int:
    """RFC 3339 as Unix time, 0 where it is unknown (Anthropic writes the year 1970 for that)."""
    found = moment(stamp)
    return max(0, int(found.timestamp())) if found else 0
