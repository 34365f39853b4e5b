"""Which requests share the beginning of a prompt: a name for it, so that they meet on one key's prompt cache.

The client may say it; else long prompts are told apart by how they begin. The name is a keyed hash: the
same on every process of this installation and after a restart, and it tells nobody anything of the prompt.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b, sha256
from typing import Any

from gateway.tokens import BYTES_PER_TOKEN, TOKENS_PER_MESSAGE
from providers.conversation import Message
from providers.types import Call, ChatCall

MEMBERS = ("prompt_cache_key", "session_id")
HEADERS = (
    "x-session-id",
    "x-conversation-id",
    "session_id",
    "session-id",
    "conversation_id",
    "conversation-id",
    "x-session-affinity",
)
"""What clients send, in lower case; there is no standard."""

NAMES = frozenset(HEADERS)

CACHED_FROM = 1024
"""Tokens: no provider caches shorter prompts than about this (OpenAI's and most of Anthropic's least)."""

LOOKED_AT = 64 << 10
"""Characters of a prompt that are hashed. What is the same for so long is worth the same cache."""

_LONG = CACHED_FROM * BYTES_PER_TOKEN


def affinity(call: Call, headers: Mapping[str, str], project: str, secret: bytes) -> str | None:
    """The name of the prompt's beginning, 16 hex digits; None where there is nothing to be gained.

    `headers` are named in lower case; `secret` is this installation's, of at most 64 bytes. Projects and
    models never share a name.
    """
    if not isinstance(call, ChatCall):
        return None  # embeddings are not cached
    said = _said(call.body, MEMBERS)
    if said is None and not NAMES.isdisjoint(headers):
        said = _said(headers, HEADERS)
    if said is not None:
        return _name(secret, ("said", project, call.model, said[:LOOKED_AT]))
    if not _is_long(call.messages):
        return None
    return _name(secret, ("begun", project, call.model, *_beginning(call.messages)))


def _said(holder: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        value = holder.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _is_long(messages: Iterable[Message]) -> bool:
    """Whether the prompt is long enough to be cached; looks no further than needed to know."""
    size = 0
    for message in messages:
        size += TOKENS_PER_MESSAGE * BYTES_PER_TOKEN
        if size + len(message.text) >= _LONG:
            return True
        size += len(message.text.encode(errors="surrogatepass"))
    return size >= _LONG


def _beginning(messages: Iterable[Message]) -> Iterable[str]:
    """All up to the first thing the user says: the instructions, and what tells conversations apart."""
    left = LOOKED_AT
    for message in messages:
        yield message.role
        yield message.text[:left]
        left -= len(message.text)
        if left <= 0 or message.role == "user":
            return


def _name(secret: bytes, parts: Iterable[str]) -> str:
    """Each part goes in with its length, so that no two lists of parts are one text.

    The text goes through SHA-256, which processors have instructions for: half of BLAKE2's time.
    """
    text = sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass")
        text.update(b"%d:" % len(data))
        text.update(data)
    return blake2b(text.digest(), key=secret, digest_size=8).hexdigest()
