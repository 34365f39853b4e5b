"""A chat in Gemini's form: turns of parts, functions, and the configuration of the answer.

The body is built from a whitelist, because Gemini answers 400 to any field it does not know.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from providers.conversation import ForeignPart, Message, Part, TextPart, Tool, ToolChoice, ToolUse
from providers.errors import RequestRejected
from providers.lenient import fields, text
from providers.media import media_of
from providers.parameters import top_k
from providers.types import JSON, ChatCall

MAX_STOPS = 5
SIGNED = re.compile(r"gemini-(?:[3-9]|\d\d)")
"""Models that demand a signature with each turn's first call."""

UNSIGNED = "skip_thought_signature_validator"
"""Documented for calls whose signature is lost: another provider made them, or a client dropped it."""

MODES = {"none": "NONE", "auto": "AUTO", "required": "ANY"}
TIERS = {"default": "STANDARD", "standard": "STANDARD", "flex": "FLEX", "priority": "PRIORITY"}

BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192}
MOST = 24576
"""Thinking tokens of Gemini 2.5 for each effort, as Google's own compatible endpoint has them."""

LEVELS = {"none": "low", "minimal": "low", "low": "low", "medium": "medium"}
BUDGETED = re.compile(r"gemini-2\.5|gemini-robotics-er-1\.5")
THOUGHTLESS = re.compile(r"gemini-(?:1\.|2\.0|pro$)|gemma|learnlm")


def chat_body(call: ChatCall, model: str) -> dict[str, Any]:
    """The request for a chat.

    Raises:
        RequestRejected: a part of a message cannot be expressed.
    """
    system, turns = _conversation(call.messages, signed=SIGNED.search(model) is not None)
    wanted = {
        "contents": turns,
        "systemInstruction": {"parts": system} if system else None,
        "generationConfig": _config(call, model) or None,
        "tools": _tools(call) or None,
        "toolConfig": _choice(call.tool_choice) if call.tools else None,
        "serviceTier": _tier(call.body),
        **_google(call.body),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def stops_of(call: ChatCall) -> list[str]:
    """Where the answer shall stop; empty texts are no places."""
    return [stop for stop in call.stop if stop]


def _conversation(
    messages: Sequence[Message], *, signed: bool
) -> tuple[list[JSON], Sequence[JSON]]:
    """Gemini's instructions and turns. Empty texts are left out.

    Gemini needs a turn: instructions alone become the user's, and of nothing at all remains one
    space.
    """
    names = {use.id: use.name for message in messages for use in message.tool_calls}
    system: list[JSON] = []
    turns: list[dict[str, Any]] = []
    answering = False
    for message in messages:
        if message.role in ("system", "developer"):
            system += [{"text": message.text}] if message.text else []
            continue
        parts = list(_parts(message, names, signed=signed))
        if message.role == "tool" and answering:
            turns[-1]["parts"] += parts  # the results of one batch of calls belong together
        elif parts:
            role = "model" if message.role == "assistant" else "user"
            turns.append({"role": role, "parts": parts})
        answering = message.role == "tool"
    if turns:
        return system, turns
    return [], [{"role": "user", "parts": system or [{"text": " "}]}]


def _parts(message: Message, names: dict[str, str], *, signed: bool) -> Iterator[JSON]:
    if message.role == "tool":
        yield _result(message, names)
        return
    said = [part for given in message.all_parts for part in _part(given)]
    if signature := signature_of(message.extra):
        said[-1:] = [{**part, "thoughtSignature": signature} for part in said[-1:]]
    yield from said
    for place, use in enumerate(message.tool_calls):
        yield _called(use, needs_signature=signed and place == 0)


def _part(part: Part) -> Iterator[JSON]:
    if isinstance(part, TextPart):
        if part.text:
            yield {"text": part.text}
        return
    media = None if isinstance(part, ForeignPart) else media_of(part)
    if media is None:
        raise RequestRejected("Gemini cannot be given this file", param="messages")
    if media.url:
        yield {"fileData": {"mimeType": media.type, "fileUri": media.url}}
    else:
        yield {"inlineData": {"mimeType": media.type, "data": media.data}}


def _called(use: ToolUse, *, needs_signature: bool) -> JSON:
    signature = signature_of(use.extra) or (UNSIGNED if needs_signature else "")
    part: dict[str, Any] = {"functionCall": {"id": use.id, "name": use.name, "args": use.fields}}
    return {**part, "thoughtSignature": signature} if signature else part


def signature_of(extra: JSON) -> str:
    """Google's signature in what is to be seen again, empty where there is none."""
    return text(fields(extra.get("google")).get("thought_signature"))


def _result(message: Message, names: dict[str, str]) -> JSON:
    """The result as text: Gemini resolves references within JSON, and refuses those it cannot find."""
    called = message.tool_call_id or ""
    answer: dict[str, Any] = {
        "id": called,
        "name": names.get(called) or called or "function",
        "response": {"output": message.text},
    }
    media = [part for part in message.parts if not isinstance(part, TextPart)]
    if media:
        answer["parts"] = [held for part in media for held in _part(part)]
    return {"functionResponse": answer}


def _config(call: ChatCall, model: str) -> dict[str, Any]:
    """Only what the client asked for: some models refuse even a parameter's default."""
    wanted = {
        "maxOutputTokens": call.max_tokens,
        "temperature": call.temperature,
        "topP": call.top_p,
        "topK": top_k(call.body),
        "stopSequences": stops_of(call) or None,
        "candidateCount": call.n if call.n > 1 else None,
        "seed": call.seed,
        "presencePenalty": call.presence_penalty or None,
        "frequencyPenalty": call.frequency_penalty or None,
        "responseLogprobs": True if call.logprobs is not None else None,
        "logprobs": call.logprobs or None,
        "thinkingConfig": _thinking(call, model),
        **_format(call),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _format(call: ChatCall) -> dict[str, Any]:
    if call.response_format is None:
        return {}
    schema = call.response_format.schema
    return {"responseMimeType": "application/json", "responseJsonSchema": schema}


def _thinking(call: ChatCall, model: str) -> JSON | None:
    """How long to think, in the model's own measure; what it thought is then told too."""
    own = _google_member(call.body, "thinking_config")
    if own is not None:
        return {_camel(name): value for name, value in own.items()}
    if call.effort is None or THOUGHTLESS.search(model):
        return None
    shown = {"includeThoughts": True} if call.effort != "none" else {}
    if BUDGETED.search(model):
        return {"thinkingBudget": BUDGETS.get(call.effort, MOST), **shown}
    return {"thinkingLevel": LEVELS.get(call.effort, "high"), **shown}


def _tools(call: ChatCall) -> list[JSON]:
    tools: list[JSON] = []
    if call.tools:
        tools.append({"functionDeclarations": [_declared(tool) for tool in call.tools]})
    if call.body.get("web_search_options") is not None:
        tools.append({"googleSearch": {}})
    return tools


def _declared(tool: Tool) -> JSON:
    declared: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.parameters:
        declared["parametersJsonSchema"] = tool.parameters
    return {name: value for name, value in declared.items() if value}


def _choice(choice: ToolChoice | None) -> JSON | None:
    if choice is None:
        return None
    config: dict[str, Any] = {"mode": MODES[choice.mode]}
    allowed = (choice.name,) if choice.name else choice.allowed
    if allowed:
        config = {"mode": "ANY" if choice.mode == "required" else "VALIDATED"}
        config["allowedFunctionNames"] = list(allowed)
    return {"functionCallingConfig": config}


def _tier(body: JSON) -> str | None:
    tier = TIERS.get(text(body.get("service_tier")))
    return None if tier is None else f"SERVICE_TIER_{tier}"


def _google(body: JSON) -> dict[str, Any]:
    """What clients of Google's own compatible endpoint say in its words."""
    cached = fields(_extension(body)).get("cached_content")
    safety = fields(_extension(body)).get("safety_settings")
    return {"cachedContent": cached, "safetySettings": safety}


def _google_member(body: JSON, name: str) -> JSON | None:
    return fields(_extension(body).get(name)) or None


def _extension(body: JSON) -> JSON:
    return fields(fields(body.get("extra_body")).get("google")) or fields(body.get("google"))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
