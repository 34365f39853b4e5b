"""A conversation, as every dialect has to tell it: turns of several parts, calls of tools, and their results.

Arguments of calls are text, as in OpenAI's format: what a model wrote need not be JSON.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs
import msgspec

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
ToolKind: TypeAlias = Literal["function", "custom"]
ToolMode: TypeAlias = Literal["none", "auto", "required"]


@attrs.frozen
class TextPart:
    """Text within a turn of several parts."""

    text: str


@attrs.frozen
class ImagePart:
    """An image by its URL: `https:`, to be fetched by the upstream, or `data:`."""

    url: str = attrs.field(repr=False)
    detail: str | None = None


@attrs.frozen
class AudioPart:
    """Sound: base64, and `wav` or `mp3`."""

    data: str = attrs.field(repr=False)
    format: str


@attrs.frozen
class FilePart:
    """A file: its content as a `data:` URL, or the name under which the upstream keeps it."""

    data: str | None = attrs.field(default=None, repr=False)
    filename: str | None = None
    file_id: str | None = None


@attrs.frozen
class ForeignPart:
    """Something that only some of those who speak OpenAI's format know, by its type: a video, thoughts."""

    kind: str


Part: TypeAlias = TextPart | ImagePart | AudioPart | FilePart | ForeignPart


@attrs.frozen
class ToolUse:
    """A call of a tool that a model made. `arguments` is JSON, if the model was right.

    `extra` is what its provider wants to see again with it, by provider: OpenAI's format has no place for it.
    """

    id: str
    name: str
    arguments: str
    kind: ToolKind = "function"
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    @property
    def fields(self) -> dict[str, Any]:
        """The arguments as an object; what is none is an object that holds it, so that nothing is lost."""
        try:
            value = msgspec.json.decode(self.arguments or "{}")
        except (ValueError, RecursionError):
            value = self.arguments
        return value if isinstance(value, dict) else {"input": value}


@attrs.frozen
class Message:
    """One turn: its role, and its text parts joined.

    `parts` are all parts in their order, empty where there is nothing but text. An assistant's turn may hold
    `tool_calls` and the `reasoning` behind it; a tool's turn says to which call it is the answer. `extra` is
    what its provider wants to see again with it, by provider.
    """

    role: Role
    text: str
    parts: tuple[Part, ...] = ()
    tool_calls: tuple[ToolUse, ...] = ()
    tool_call_id: str | None = None
    reasoning: str = ""
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    @property
    def is_marked(self) -> bool:
        """Whether it is more than a role and text: what providers take in different ways."""
        return bool(
            self.tool_calls
            or self.tool_call_id
            or self.reasoning
            or self.role in ("developer", "assistant")
        )

    @property
    def all_parts(self) -> tuple[Part, ...]:
        """The parts; of text alone, one, or none where it is empty."""
        return self.parts or ((TextPart(self.text),) if self.text else ())


@attrs.frozen
class Tool:
    """A function that the client offers. `parameters` is a JSON schema, None for a function without any."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None


@attrs.frozen
class ToolChoice:
    """Whether tools may or must be called; `name` if one of them must, `allowed` if only some may."""

    mode: ToolMode
    name: str | None = None
    allowed: tuple[str, ...] = ()


@attrs.frozen
class ResponseFormat:
    """The answer is to be JSON; one that fits `schema`, where there is one."""

    schema: Mapping[str, Any] | None = None
    name: str = ""
    strict: bool | None = None
