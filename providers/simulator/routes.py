"""Which path speaks which provider's language, and whose credential a request carries. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import attrs

from providers.simulator.anthropic import Anthropic
from providers.simulator.completions import Completions
from providers.simulator.dialect import Dialect, Operation, Target
from providers.simulator.gemini import Gemini
from providers.simulator.openai import OpenAI
from providers.simulator.requests import Request

OPENAI = OpenAI()
COMPLETIONS = Completions()
GEMINI = Gemini()
ANTHROPIC = Anthropic()


@attrs.frozen
class Route:
    """Where a request goes: the language, and what is asked for in it."""

    dialect: Dialect
    target: Target


_FIXED: Mapping[tuple[bytes, str], Route] = MappingProxyType(
    {
        (b"POST", "/v1/chat/completions"): Route(OPENAI, Target("chat")),
        (b"POST", "/v1/completions"): Route(COMPLETIONS, Target("chat")),
        (b"POST", "/v1/embeddings"): Route(OPENAI, Target("embed")),
        (b"POST", "/v1/messages"): Route(ANTHROPIC, Target("chat")),
        (b"GET", "/v1beta/models"): Route(GEMINI, Target("models")),
    }
)
_GEMINI_METHODS: Mapping[str, Operation] = MappingProxyType(
    {
        "generateContent": "chat",
        "streamGenerateContent": "stream",
        "embedContent": "embed",
        "batchEmbedContents": "batch_embed",
    }
)
_GEMINI_MODELS = "/v1beta/models/"
_ANTHROPIC_HEADERS = (b"x-api-key", b"anthropic-version")


def route(request: Request) -> Route:
    """The request's route; one to no known path has the operation `unknown`."""
    if found := _FIXED.get((request.method, request.path)):
        return found
    if request.path == "/v1/models" and request.method == b"GET":
        return Route(_models_dialect(request.headers), Target("models"))
    if request.path.startswith(_GEMINI_MODELS) and request.method == b"POST":
        return Route(GEMINI, _gemini_target(request.path))
    return Route(dialect_of(request.path), Target("unknown"))


def dialect_of(path: str) -> Dialect:
    """The language for errors about this path, whether it exists or not."""
    if path.startswith("/v1beta"):
        return GEMINI
    return ANTHROPIC if path.startswith("/v1/messages") else OPENAI


def _models_dialect(headers: Mapping[bytes, Any]) -> Dialect:
    return ANTHROPIC if any(name in headers for name in _ANTHROPIC_HEADERS) else OPENAI


def _gemini_target(path: str) -> Target:
    model, _, method = path.removeprefix(_GEMINI_MODELS).rpartition(":")
    return Target(_GEMINI_METHODS.get(method, "unknown") if model else "unknown", unquote(model))


def credential(request: Request) -> str:
    """The credential presented, by any of the providers' ways; empty if there is none."""
    scheme, _, token = request.header(b"authorization").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return (
        request.header(b"x-api-key")
        or request.header(b"x-goog-api-key")
        or (request.argument("key") if request.query else "")
    )
