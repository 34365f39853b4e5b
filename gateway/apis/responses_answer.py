"""What an answer of OpenAI's Responses API has beside its output: what was asked, used and cited. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.whole import Heading
from providers.lenient import fields, rows, text
from providers.types import JSON, FinishReason, TextDelta, Usage

INCOMPLETE: Mapping[FinishReason, str] = {
    "length": "max_output_tokens",
    "content_filter": "content_filter",
}
"""Why an answer is not complete, where it is not."""

USUAL: Mapping[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "service_tier": "auto",
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
}
"""Members of a request that are told again, with what they are where it does not say."""

LABELS = ("prompt_cache_key", "safety_identifier", "user")
"""Members of a request that are told again if it has them."""

TIERS = ("auto", "default", "flex", "scale", "priority")


def empty_response(heading: Heading, asked: JSON, members: JSON) -> dict[str, Any]:
    """A response that has said nothing yet. `members` are the upstream's own beside its answer.

    It is never stored here, whatever was asked for.
    """
    said = {name: asked[name] if asked.get(name) is not None else USUAL[name] for name in USUAL}
    response: dict[str, Any] = {
        **members,
        "id": heading.id,
        "object": "response",
        "created_at": heading.created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": heading.model,
        "output": [],
        "previous_response_id": None,
        "store": False,
        **said,
        **{name: asked[name] for name in LABELS if asked.get(name) is not None},
        "reasoning": {"effort": None, "summary": None, **fields(asked.get("reasoning"))},
        "text": {"format": {"type": "text"}, **_said(fields(asked.get("text")))},
    }
    if members.get("service_tier") in TIERS:
        response["service_tier"] = members["service_tier"]
    return response


def _said(members: JSON) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def counts(usage: Usage) -> dict[str, Any]:
    """Tokens in this API's words."""
    read: dict[str, int] = {"cached_tokens": usage.cached, "cache_write_tokens": usage.written}
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": read,
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }


def logprobs_of(event: TextDelta) -> list[dict[str, Any]]:
    """The probabilities of a piece of text."""
    given = fields(event.logprobs).get("refusal" if event.kind == "refusal" else "content")
    return [{**_token(token), "top_logprobs": _tops(token)} for token in rows(given)]


def _tops(token: JSON) -> list[dict[str, Any]]:
    return [_token(other) for other in rows(token.get("top_logprobs"))]


def _token(token: JSON) -> dict[str, Any]:
    """Some leave out the bytes, which are those of the text."""
    given, written = token.get("bytes"), text(token.get("token"))
    return {
        "token": written,
        "logprob": token.get("logprob", 0),
        "bytes": given if isinstance(given, list) else list(written.encode(errors="replace")),
    }


def annotations_of(members: JSON) -> Iterator[dict[str, Any]]:
    """The pages and files that an answer cites."""
    for note in rows(members.get("annotations")):
        kind = text(note.get("type"))
        cited = fields(note.get(kind))
        if kind == "url_citation" and text(cited.get("url")):
            yield {
                "type": kind,
                "url": cited["url"],
                "title": text(cited.get("title")),
                "start_index": cited.get("start_index") or 0,
                "end_index": cited.get("end_index") or 0,
            }
