"""Why a request must never run twice at once: it would leave two traces, or work twice, upstream.

A hedge is harmless where an answer is all that a call makes. It is not where the upstream keeps something of
the call, or goes out and does something while it answers. Tools that the client runs are fine: nothing
happens until the client acts on the one answer that it got.
"""

from collections.abc import Mapping
from typing import Any

from providers.types import Call, ChatCall, PlainCall

KEPT = ("store", "background")
"""Members that ask the upstream to keep the answer, or to go on without us."""

CONTINUED = ("previous_response_id", "conversation")
"""Members that name a conversation which the upstream keeps; a second call would add to it too."""

REACHING_OUT = ("web_search_options", "mcp_servers", "plugins")
"""Members, not tools, that send the upstream somewhere: OpenAI's, Anthropic's, OpenRouter's."""

CONFIGS = ("generationConfig", "generation_config")
"""Where Gemini's clients say what is to be made; in either way of writing."""

TELLING = frozenset((*KEPT, *CONTINUED, *REACHING_OUT, *CONFIGS, "tools", "audio", "modalities"))
"""A call without any of these members may be hedged."""

DEAR = ("images", "speech", "transcriptions")
"""What takes an upstream long, is paid by the piece, and is not stopped by hanging up."""

CLIENT_TYPES = ("function", "custom", "local_shell", "apply_patch")
CLIENT_FAMILIES = ("bash_", "text_editor_", "memory_")
"""Types of tools that run at the client's; Anthropic's end in a date. Any other type, the unknown too, is
the upstream's: to hedge too little costs time, to hedge too much does something twice."""

CLIENT_MEMBERS = frozenset(
    {
        *("function", "functionDeclarations", "function_declarations"),
        *("name", "description", "input_schema", "parameters", "strict", "cache_control", "type"),
    }
)
"""What an entry without a type may hold if all it does is describe functions: OpenAI's, Gemini's and
Anthropic's ways. Gemini's own tools are members beside these, such as `googleSearch`."""


def unhedgeable(call: Call, *, translated: bool = False) -> str | None:
    """A short word for the reason, None if the request may be hedged.

    `store`, `background`, `previous_response_id`, `conversation`, `server_tools`, `modalities`, or the name of
    what is made: `images`, `speech`, `transcriptions`. `translated` says that nobody is sent what the client
    sent: the Responses API keeps answers unless it is told not to.
    """
    if not isinstance(call, ChatCall):
        return call.operation if isinstance(call, PlainCall) and call.operation in DEAR else None
    body = call.body if translated else _asked(call)
    if TELLING.isdisjoint(body):
        return None
    kept = next((name for name in KEPT if body.get(name) not in (None, False)), None)
    trace = kept or next((name for name in CONTINUED if body.get(name) is not None), None)
    if trace is not None:
        return trace
    if _reaches_out(body):
        return "server_tools"
    return "modalities" if _makes_more_than_text(body) else None


def _asked(call: ChatCall) -> Mapping[str, Any]:
    """What the client asked, in its own form, and what it asked by saying nothing."""
    native = call.native
    if native is None:
        return call.body
    by_default = native.form == "responses" and native.body.get("store") is None
    return {**native.body, "store": True} if by_default else native.body


def _reaches_out(body: Mapping[str, Any]) -> bool:
    if any(body.get(name) not in (None, False, []) for name in REACHING_OUT):
        return True
    tools = body.get("tools")
    given = [tools] if isinstance(tools, dict) else tools
    return isinstance(given, list) and not all(map(_is_the_clients, given))


def _is_the_clients(tool: Any) -> bool:
    if not isinstance(tool, dict):
        return True  # no tool at all; the upstream will say so
    kind = tool.get("type")
    if isinstance(kind, str):
        return kind in CLIENT_TYPES or kind.startswith(CLIENT_FAMILIES)
    return CLIENT_MEMBERS.issuperset(tool)


def _makes_more_than_text(body: Mapping[str, Any]) -> bool:
    if body.get("audio") is not None:
        return True
    made = _modalities(body)
    return isinstance(made, list) and any(str(kind).lower() != "text" for kind in made)


def _modalities(body: Mapping[str, Any]) -> Any:
    config = next((body[name] for name in CONFIGS if isinstance(body.get(name), dict)), None)
    if config is None:
        return body.get("modalities")
    return config.get("responseModalities") or config.get("response_modalities")
