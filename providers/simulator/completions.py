"""OpenAI's completions as its side speaks them: one prompt or several, `text_completion` whole or in chunks."""

from typing import Annotated, Any

import attrs
import msgspec
from msgspec import Meta

from providers.simulator.dialect import (
    CREATED,
    Chat,
    Embed,
    Streamed,
    Target,
    Told,
    Whole,
    decode,
    quoted,
    tokens_in,
)
from providers.simulator.openai import OpenAI
from providers.simulator.requests import Request

_HEAD = b'{"id":"cmpl-%b","object":"text_completion","created":%d,"model":%b,"choices":['
_CHOICE = b'{"text":"%b","index":%d,"logprobs":null,"finish_reason":%b}'
_USAGE = b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}'


class _Options(msgspec.Struct):
    include_usage: bool | None = None


class _Body(msgspec.Struct):
    model: str
    prompt: str | list[Any]
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    stream: bool | None = None
    stream_options: _Options | None = None

    def prompts(self) -> list[str]:
        """The prompts as texts; token numbers as their digits."""
        given = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        return [each if isinstance(each, str) else str(each) for each in given]


_BODY = msgspec.json.Decoder(_Body)


@attrs.frozen
class Completions(OpenAI):
    """The far side of completions; in all else OpenAI's."""

    def read(self, target: Target, request: Request) -> Chat | Embed:  # noqa: ARG002 - one operation
        """The prompts in a request to `/v1/completions`."""
        body = decode(_BODY, request.body)
        prompts = body.prompts()
        asks = bool(body.stream_options and body.stream_options.include_usage)
        return Chat(
            body.model,
            bool(body.stream),
            tokens_in(prompts),
            body.max_tokens,
            (body.n or 1) * len(prompts),
            asks,
        )

    def whole(self, chat: Chat, told: Told) -> Whole:
        """A `text_completion`."""
        said = [
            _CHOICE % (passage.escaped, index, _reason(told))
            for index, passage in enumerate(told.passages)
        ]
        return Whole(_head(chat, told) + b",".join(said) + b'],"usage":%b}' % _usage(chat, told))

    def streamed(self, chat: Chat, told: Told) -> Streamed:
        """Chunks of it; those of one token, one a choice, go together."""
        head = b"data: " + _head(chat, told)
        null = b'],"usage":null}\n\n' if chat.usage else b"]}\n\n"
        words = [
            b"".join(head + _CHOICE % (piece, n, b"null") + null for n, piece in enumerate(row))
            for row in zip(*(passage.pieces for passage in told.passages), strict=True)
        ]
        closing = b"".join(
            head + _CHOICE % (b"", n, _reason(told)) + null for n in range(len(told.passages))
        )
        if chat.usage:
            closing += head + b'],"usage":%b}\n\n' % _usage(chat, told)
        return Streamed(b"", words, closing + b"data: [DONE]\n\n")


def _head(chat: Chat, told: Told) -> bytes:
    return _HEAD % (told.id, CREATED, quoted(chat.model))


def _usage(chat: Chat, told: Told) -> bytes:
    return _USAGE % (chat.prompt_tokens, told.tokens, chat.prompt_tokens + told.tokens)


def _reason(told: Told) -> bytes:
    return b'"length"' if told.cut else b'"stop"'
