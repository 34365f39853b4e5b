"""Tokens, estimated: four bytes of UTF-8 a token, the field's rule of thumb for text.

Good enough to admit a request against a limit and to fill in for an upstream that reports nothing; whatever
is stored from it is marked as estimated.
"""

from collections.abc import Iterator

from providers.types import Call, ChatCall, CountCall, PlainCall, SessionCall, Usage

BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4
"""What a chat format spends on a message beside its text."""


def prompt_tokens(call: Call) -> int:
    """How many tokens the prompt will count as."""
    if isinstance(call, CountCall | SessionCall):
        return 0  # nothing is said to a model
    if isinstance(call, PlainCall):
        return sum(_tokens(len(text.encode())) for text in _texts(call))
    if isinstance(call, ChatCall):
        return sum(TOKENS_PER_MESSAGE + _tokens(len(m.text.encode())) for m in call.messages)
    return sum(
        _tokens(len(item.encode())) if isinstance(item, str) else len(item) for item in call.inputs
    )


def _texts(call: PlainCall) -> Iterator[str]:
    """What is asked, in the members that hold it; sound and images count as nothing."""
    for name in ("input", "prompt", "query", "documents"):
        value = call.body.get(name)
        given = value if isinstance(value, list) else [value]
        yield from (item for item in given if isinstance(item, str))


def most_tokens(call: Call) -> int:
    """The most that the call asks for, in all of its choices; 0 where it asks for no most."""
    return (call.max_tokens or 0) * call.n if isinstance(call, ChatCall) else 0


def estimated_usage(call: Call, written: int) -> Usage:
    """Usage for an answer of `written` bytes whose upstream reported none."""
    prompt, completion = prompt_tokens(call), _tokens(written)
    return Usage(prompt=prompt, completion=completion, total=prompt + completion)


def _tokens(size: int) -> int:
    return -(-size // BYTES_PER_TOKEN)
