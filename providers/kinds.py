"""The kinds of provider that a configuration may name: data only, one entry each.

A kind says which dialect its keys speak, where to, and where people usually keep the keys. Who is
OpenAI-compatible and not here is reached with kind `openai` and a base URL of its own.
"""

from collections.abc import Mapping
from typing import Any, cast

import attrs

from providers.anthropic import Anthropic
from providers.azure import Azure
from providers.base import Dialect
from providers.bedrock import Bedrock
from providers.gemini import Gemini
from providers.identity import Identifying
from providers.openai import OpenAI
from providers.openai_responses import OpenAIResponses
from providers.plain import SOUND, at
from providers.quirks import ANSWERED, MAX_TOKENS, OLDER, STRICT, THINKING, Quirks
from providers.types import Form, Secret
from providers.vertex import Vertex
from providers.vertex_claude import VertexClaude


@attrs.frozen
class Kind:
    """A kind of provider.

    `base_url` is the default, without a slash at its end; empty where everybody has one of their
    own, or the settings say it (see `address`). `key_variables` are the environment variables that may hold a
    key, if any may, the preferred one first; `base_url_variable` may hold another base URL. `owned_by` is what
    lists of models say, `otel_name` is OpenTelemetry's `gen_ai.provider.name`; both are the kind's own name
    where nothing else is usual.

    `settings` are the dialect's fields that a configuration may say, each with the environment variable that
    holds it, if one usually does; `required` are those without a default. `others` are dialects for models
    whose names begin with one of these words.
    """

    name: str
    dialect: Dialect
    base_url: str
    key_variables: tuple[str, ...] = ()
    base_url_variable: str | None = None
    settings: Mapping[str, str | None] = attrs.field(factory=dict)
    required: tuple[str, ...] = ()
    others: tuple[tuple[tuple[str, ...], Dialect], ...] = ()
    owned_by: str = attrs.field()
    otel_name: str = attrs.field()

    @owned_by.default
    def _(self) -> str:
        return self.name

    @otel_name.default
    def _(self) -> str:
        return self.name

    @property
    def needs_key(self) -> bool:
        """Whether a key is needed: not by what people run on their own machines."""
        return not self.base_url.startswith("http://")

    def dialect_for(self, model: str) -> Dialect:
        """The dialect in which this model is called."""
        return next(
            (each for starts, each in self.others if model.startswith(starts)), self.dialect
        )

    def address(self, settings: Mapping[str, str]) -> str:
        """The default base URL under these settings; empty where there is none."""
        if self.base_url or any(name not in settings for name in self.required):
            return self.base_url
        return str(getattr(settled(self.dialect, settings), "base_url", ""))

    def complaint(self, secret: Secret, settings: Mapping[str, str]) -> str | None:
        """Why this secret is no credential for the kind; None if it may be one. Nothing of it is told."""
        dialect = settled(self.dialect, settings)
        if not isinstance(dialect, Identifying):
            is_json = secret.reveal.startswith("{")
            return "this is JSON: only service accounts of kind vertex are" if is_json else None
        try:
            dialect.identity(secret)
        except ValueError as reason:
            return str(reason)
        return None


def settled(dialect: Dialect, settings: Mapping[str, str]) -> Dialect:
    """The dialect with these of its fields."""
    if not settings:
        return dialect
    return cast(Dialect, attrs.evolve(cast(Any, dialect), **settings))


_COMPLETES = frozenset[Form]({"completions"})
"""Who still has completions that are no chats."""

_RESPONDS = frozenset[Form]({"responses"})
"""Who is known to take requests of OpenAI's Responses API."""

_UP_FROM_COMPATIBILITY = "/../.."
"""From Cohere's OpenAI-compatible part to its own; never sent so (RFC 3986, 5.2.4)."""

_openai = OpenAI(forms=_COMPLETES)
_thinking = OpenAI(quirks=THINKING)
_mistral = OpenAI(
    quirks=Quirks(
        strips=ANSWERED, renames=MAX_TOKENS, developer=False, short_ids=True, required="any"
    ),
    paths=at("/moderations", "/audio/transcriptions"),
)

_kinds = (
    Kind(
        name="openai",
        dialect=OpenAI(quirks=STRICT, forms=_COMPLETES | _RESPONDS, realtime=True),
        base_url="https://api.openai.com/v1",
        key_variables=("OPENAI_API_KEY",),
        base_url_variable="OPENAI_BASE_URL",
    ),
    Kind(
        name="openai-responses",
        dialect=OpenAIResponses(),
        base_url="https://api.openai.com/v1",
        owned_by="openai",
        otel_name="openai",
    ),
    Kind(
        name="gemini",
        dialect=Gemini(),
        base_url="https://generativelanguage.googleapis.com/v1beta",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        owned_by="google ai studio",
        otel_name="gcp.gemini",
    ),
    Kind(
        name="anthropic",
        dialect=Anthropic(),
        base_url="https://api.anthropic.com",
        key_variables=("ANTHROPIC_API_KEY",),
        base_url_variable="ANTHROPIC_BASE_URL",
    ),
    Kind(
        name="azure",
        dialect=Azure(),
        base_url="",
        key_variables=("AZURE_OPENAI_API_KEY",),
        base_url_variable="AZURE_OPENAI_ENDPOINT",
        settings={"api_version": None},
        otel_name="azure.ai.openai",
    ),
    Kind(
        name="vertex",
        dialect=Vertex(),
        base_url="",
        key_variables=("GOOGLE_VERTEX_API_KEY",),
        settings={"project": None, "location": None, "api_version": None},
        others=((("claude", "anthropic/", "publishers/anthropic/"), VertexClaude()),),
        owned_by="google vertex ai",
        otel_name="gcp.vertex_ai",
    ),
    Kind(
        name="bedrock",
        dialect=Bedrock(),
        base_url="",
        key_variables=("AWS_BEARER_TOKEN_BEDROCK",),
        settings={"region": "AWS_REGION"},
        required=("region",),
        owned_by="amazon bedrock",
        otel_name="aws.bedrock",
    ),
    Kind(
        "groq",
        OpenAI(quirks=STRICT, paths=at(*SOUND)),
        "https://api.groq.com/openai/v1",
        ("GROQ_API_KEY",),
    ),
    Kind(
        name="mistral",
        dialect=_mistral,
        base_url="https://api.mistral.ai/v1",
        key_variables=("MISTRAL_API_KEY",),
        otel_name="mistral_ai",
    ),
    Kind(
        "deepseek",
        OpenAI(quirks=THINKING, paths=at()),
        "https://api.deepseek.com/v1",
        ("DEEPSEEK_API_KEY",),
    ),
    Kind(
        "openrouter",
        OpenAI(forms=_COMPLETES | _RESPONDS),
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
    ),
    Kind(
        "together",
        OpenAI(quirks=OLDER, forms=_COMPLETES, paths=at("/images/generations", *SOUND, "/rerank")),
        "https://api.together.xyz/v1",
        ("TOGETHER_API_KEY",),
    ),
    Kind(
        "xai",
        OpenAI(forms=_COMPLETES | _RESPONDS, realtime=True),
        "https://api.x.ai/v1",
        ("XAI_API_KEY",),
        otel_name="x_ai",
    ),
    Kind(
        "cerebras",
        OpenAI(quirks=Quirks(strips=ANSWERED - {"reasoning"}), paths=at()),
        "https://api.cerebras.ai/v1",
        ("CEREBRAS_API_KEY",),
    ),
    Kind(
        "perplexity",
        OpenAI(quirks=OLDER, paths=at()),
        "https://api.perplexity.ai",
        ("PERPLEXITY_API_KEY",),
    ),
    Kind(
        name="cohere",
        dialect=OpenAI(quirks=OLDER, paths=at(rerank=_UP_FROM_COMPATIBILITY + "/v2/rerank")),
        base_url="https://api.cohere.ai/compatibility/v1",
        key_variables=("COHERE_API_KEY", "CO_API_KEY"),
    ),
    Kind("zai", _thinking, "https://api.z.ai/api/paas/v4", ("ZAI_API_KEY",)),
    Kind("ollama", _openai, "http://127.0.0.1:11434/v1"),
    Kind("vllm", _openai, "http://127.0.0.1:8000/v1"),
    Kind("llamacpp", _openai, "http://127.0.0.1:8080/v1"),
    Kind("gpustack", _openai, "http://127.0.0.1:80/v1"),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _kinds}
"""Every kind by its name."""
