"""What OpenAI's chat answers mean, and those of the many who speak its format in their own way.

Both forms are read by the same rules: a chunk of a stream carries a `delta`, a whole answer a
`message`, and what may stand in the one may stand in the other. Members that we need not understand are
passed on by their names.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from providers.advice import in_band, read_error
from providers.errors import BrokenAnswer, UpstreamFailed
from providers.lenient import count, fields, rows, text
from providers.openai_tools import ToolCalls
from providers.types import (
    JSON,
    Ended,
    Event,
    Extra,
    Finished,
    FinishReason,
    Started,
    TextDelta,
    TextKind,
    Usage,
    UsageSeen,
    is_semantic,
)

FINISHES: Mapping[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
"""Finish reasons; every other word means `stop`, such as Together's `eos`."""

BREAKS = frozenset({"error", "network_error", "insufficient_system_resource"})
"""Finish reasons that say the upstream gave up."""


READ = frozenset(
    {
        *("role", "content", "refusal", "reasoning_content", "reasoning", "tool_calls"),
        *("function_call", "name", "obfuscation"),
    }
)
"""Members of a delta or a message that are read; all others are passed on."""

SHARED = ("service_tier", "system_fingerprint", "provider", "citations", "search_results")
"""Members beside the choices that are passed on."""


ANSWER = frozenset({"id", "object", "created", "model", "choices", "usage", "obfuscation"})
"""Members of an answer that are read, or are the gateway's own."""

CHOICE = frozenset({"index", "delta", "message", "text", "finish_reason", "logprobs"})
"""Members of a choice that are read."""

EMPTY: tuple[Any, ...] = (None, "", [], {})
"""Values that say nothing."""


def read_chat(value: Any, *, named: bool = False) -> list[Event]:
    """The events of a chat answered in one body. `named` says that one tool had to be called.

    Raises:
        ProviderError: the body holds an error, or no answer.
    """
    raise_error(value)
    body = fields(value)
    events: list[Event] = []
    for place, choice in enumerate(rows(body.get("choices"))):
        index = count(choice.get("index", place))
        calls = ToolCalls(index)
        said = pieces(choice, said_in(choice, "message"), index, calls)
        reason = finish_reason(choice, calls, named=named) or ("stop" if said else None)
        events += beside_message(choice, index)
        events += said
        events += [Finished(reason, index)] if reason else []
    if not any(map(is_semantic, events)):
        raise BrokenAnswer("The upstream's answer is empty")
    start = started(body)
    return [start, *beside(body, start.members), *events, *usage_in(body), Ended()]


def raise_error(value: Any, *, certain: bool = False) -> None:
    """Raises the error that this JSON is, or that one of its choices holds.

    An error may stand beside choices that look sound, so it is asked for first. `certain` says
    that the protocol has called this an error already.

    Raises:
        ProviderError: of the kind that the error's own words tell.
    """
    outer = fields(value[0] if isinstance(value, list) and value else value)
    if certain or outer.get("error") or outer.get("object") == "error":
        raise in_band(read_error(outer))
    for choice in rows(outer.get("choices")):
        if choice.get("error"):
            raise in_band(read_error(choice))
        if (reason := text(choice.get("finish_reason"))) in BREAKS:
            raise UpstreamFailed("The upstream broke off its answer", code=reason)


def started(body: JSON) -> Started:
    """The upstream's names for the answer and the model, which may be missing or empty."""
    members = {name: body[name] for name in SHARED if body.get(name) not in EMPTY}
    return Started(text(body.get("id")) or None, text(body.get("model")) or None, members)


def said_in(choice: JSON, member: str) -> JSON:
    """What a choice says: in its message or delta, or as text, which is what completions were before chats."""
    return fields(choice.get(member)) or {"content": choice.get("text")}


def beside(body: JSON, told: JSON) -> list[Event]:
    """What stands beside the choices, and was not told already: what nobody here knows."""
    members = {
        name: value
        for name, value in body.items()
        if name not in ANSWER and value not in EMPTY and told.get(name) != value
    }
    return [Extra(members, place="answer")] if members and _is_answer(body) else []


def _is_answer(body: JSON) -> bool:
    """And not a ping, say."""
    return isinstance(body.get("choices"), list)


def beside_message(choice: JSON, index: int) -> list[Event]:
    """What stands in a choice beside its message, and is not known here."""
    members = {
        name: value for name, value in choice.items() if name not in CHOICE and value not in EMPTY
    }
    return [Extra(members, index, "choice")] if members else []


def finish_reason(choice: JSON, calls: ToolCalls, *, named: bool) -> FinishReason | None:
    """Why the choice is complete, None if it is not.

    Some say `stop` after calls of tools. OpenAI does too, where one tool had to be called (`named`).
    """
    reason = text(choice.get("finish_reason"))
    if not reason:
        return None
    finish = FINISHES.get(reason, "stop")
    return "tool_calls" if finish == "stop" and calls.any and not named else finish


def pieces(choice: JSON, said: JSON, index: int, calls: ToolCalls) -> list[Event]:
    """What a delta or a message says: reasoning, content, refusal, calls of tools, and the rest as it is."""
    given = fields(choice.get("logprobs"))
    logprobs = given if given and any(given.values()) else None
    found: list[Event] = [
        TextDelta(words, index, kind, None if kind == "reasoning" else logprobs)
        for kind, words in _texts(said)
    ]
    found += calls.read(said)
    if not READ.issuperset(said):
        members = {name: value for name, value in said.items() if name not in READ and value}
        found += [Extra(members, index)] if members else []
    return found


def _texts(said: JSON) -> Iterator[tuple[TextKind, str]]:
    if reasoning := _reasoning(said):
        yield "reasoning", reasoning
    content = said.get("content")
    if isinstance(content, list):
        yield from _parts(content)
    elif content and isinstance(content, str):
        yield "content", content
    if refusal := text(said.get("refusal")):
        yield "refusal", refusal


def _reasoning(said: JSON) -> str:
    """Its names differ, and some upstreams use several of them for the same words."""
    return (
        text(said.get("reasoning_content"))
        or text(said.get("reasoning"))
        or "".join(text(detail.get("text")) for detail in rows(said.get("reasoning_details")))
    )


def _parts(content: list[Any]) -> Iterator[tuple[TextKind, str]]:
    """Mistral's list: texts, and thoughts that are lists of texts again."""
    for part in rows(content):
        thought = "".join(text(inner.get("text")) for inner in rows(part.get("thinking")))
        if thought:
            yield "reasoning", thought
        if words := text(part.get("text")):
            yield "content", words


def usage_in(body: JSON) -> list[Event]:
    """The usage in a chunk or an answer, wherever its provider puts it, or nothing."""
    usage = fields(body.get("usage")) or fields(fields(body.get("x_groq")).get("usage"))
    return [UsageSeen(read_usage(usage))] if usage else []


def read_usage(usage: JSON) -> Usage:
    """OpenAI's usage object, whoever wrote it."""
    prompt, completion = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    total = count(usage.get("total_tokens")) or prompt + completion
    read = fields(usage.get("prompt_tokens_details"))
    reasoning = fields(usage.get("completion_tokens_details")).get("reasoning_tokens")
    return Usage(
        prompt=prompt,
        # Gemini's and xAI's leave reasoning out of the completion, but not out of the total.
        completion=max(completion, total - prompt),
        total=total,
        cached=count(read.get("cached_tokens")) or count(usage.get("prompt_cache_hit_tokens")),
        reasoning=count(reasoning),
        written=count(read.get("cache_write_tokens")),
        details=usage,
    )
