"""What providers want to see again with a call of a tool, for clients that do not bring it back.

Gemini signs calls, Anthropic the thoughts before them, DeepSeek wants to read its own again. OpenAI's format
has no place for any of it: signatures are told in `extra_content`, which many clients drop. So they are
remembered here, by the id of the call; bounded, in memory: after a restart, or on another worker, the dialects
do without.
"""

from collections import OrderedDict

import attrs
import msgspec

from providers.conversation import Message
from providers.types import JSON, Call, ChatCall

THOUGHTS = "reasoning_content"
"""Under this name the reasoning behind a call is kept."""

MOST = 10_000
MOST_BYTES = 64 << 20
"""Of all that is kept."""
MOST_OF_ONE = 1 << 20


@attrs.define(eq=False)
class Keepsakes:
    """The latest ones, by project and call."""

    _kept: OrderedDict[tuple[str, str], tuple[JSON, int]] = attrs.field(factory=OrderedDict)
    _size: int = 0

    def keep(self, project: str, call_id: str, extra: JSON) -> None:
        """Remember what came with a call."""
        known, _ = self._kept.get((project, call_id), ({}, 0))
        extra = {**known, **extra}
        size = len(msgspec.json.encode(extra))
        if size > MOST_OF_ONE:
            return
        self._forget((project, call_id))
        self._kept[project, call_id] = (extra, size)
        self._size += size
        while len(self._kept) > MOST or self._size > MOST_BYTES:
            self._forget(next(iter(self._kept)))

    def recall(self, project: str, call: Call) -> Call:
        """The call, with what its client has not brought back."""
        if not self._kept or not isinstance(call, ChatCall):
            return call
        if not any(message.tool_calls for message in call.messages):
            return call
        messages = tuple(self._recalled(project, message) for message in call.messages)
        return call if messages == call.messages else attrs.evolve(call, messages=messages)

    def _recalled(self, project: str, message: Message) -> Message:
        uses, reasoning = [], message.reasoning
        for use in message.tool_calls:
            known = dict(self._kept.get((project, use.id), ({}, 0))[0])
            thoughts = known.pop(THOUGHTS, "")
            reasoning = reasoning or thoughts
            uses.append(attrs.evolve(use, extra={**known, **use.extra}) if known else use)
        return attrs.evolve(message, tool_calls=tuple(uses), reasoning=reasoning)

    def _forget(self, name: tuple[str, str]) -> None:
        _, size = self._kept.pop(name, ({}, 0))
        self._size -= size
