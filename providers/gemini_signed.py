"""Signatures in a conversation that Google's own client brings, where they are missing. Pure.

Newer models demand one with the first call of every turn. It is missing where another provider made the call,
or where the client has dropped it: then the one that was kept is put back, or the value that Google documents
for this. Everything else goes to Google as it came.
"""

from collections.abc import Iterator
from typing import Any

import attrs

from providers.conversation import ToolUse
from providers.gemini_chat import SIGNED, UNSIGNED, signature_of
from providers.types import JSON, ChatCall

NAMES = ("thoughtSignature", "thought_signature")
CALLS = ("functionCall", "function_call")


def signed_body(call: ChatCall, model: str) -> JSON:
    """The client's own request, with the signatures that this model demands."""
    assert call.native is not None, "in Google's own form"
    body = call.native.body
    uses = [use for message in call.messages for use in message.tool_calls]
    if not uses or not isinstance(body.get("contents"), list):
        return body
    signing = _Signing(iter(uses), demanded=SIGNED.search(model) is not None)
    contents = [signing.content(content) for content in body["contents"]]
    return {**body, "contents": contents} if signing.changed else body


@attrs.define(eq=False)
class _Signing:
    """Goes through the contents and the calls that were read from them, side by side."""

    uses: Iterator[ToolUse]
    demanded: bool
    changed: bool = False

    def content(self, content: Any) -> Any:
        """The content; of the user's, where calls are none, nothing is read."""
        if content.get("role") != "model":
            return content
        parts, signed, first = content.get("parts"), list[Any](), True
        for part in [parts] if isinstance(parts, dict) else parts or ():
            is_call = any(part.get(name) is not None for name in CALLS)
            signed.append(self._call(part, first=first) if is_call else part)
            first = first and not is_call
        return {**content, "parts": signed}

    def _call(self, part: JSON, *, first: bool) -> JSON:
        use = next(self.uses, None)
        if any(part.get(name) for name in NAMES) or use is None:
            return part
        signature = signature_of(use.extra) or (UNSIGNED if first and self.demanded else "")
        if not signature:
            return part
        self.changed = True
        return {**part, "thoughtSignature": signature}
