"""What each kind of provider bills for a call that its caller cancelled: dated data, one entry a kind.

Few providers document it and all may change it without a word, so every entry says when it was read
and where. Only streamed calls can stop at all: whoever asked for a whole answer pays for it, cancelled
or not, and an operator who has measured better says so in the configuration.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

CancelBilling: TypeAlias = Literal["stops", "bills_input", "bills_full", "unknown"]
"""What a cancelled stream costs: what was written so far (`stops`), the prompt in any case and maybe
what was written (`bills_input`), the answer as if it had not been cancelled (`bills_full`)."""


@attrs.frozen
class Billing:
    """A rule, where it was read (`source`), and on which day, in ISO's form."""

    rule: CancelBilling
    as_of: str
    source: str


_PAGE = "openrouter.ai/docs/api-reference/streaming, 'Stream Cancellation', of calls through it: "
_STOPS = Billing("stops", "2026-11-23", f"{_PAGE}a cancelled stream stops processing and billing")
_FULL = Billing("bills_full", "2026-11-23", f"{_PAGE}the complete answer is billed")
_MIXED = Billing("unknown", "2026-11-23", f"{_PAGE}it depends on who serves the model")
_SILENT = Billing("unknown", "2026-11-23", "nothing found")
_OWN = Billing("stops", "2026-11-23", "runs on the operator's own machines: nobody sends a bill")

CANCEL_BILLING: Mapping[str, Billing] = {
    "openai": _STOPS,
    "openai-responses": _SILENT,
    "gemini": _FULL,
    "anthropic": _STOPS,
    "azure": _STOPS,
    "vertex": _SILENT,
    "bedrock": _SILENT,
    "groq": _FULL,
    "mistral": _FULL,
    "deepseek": _STOPS,
    "openrouter": _MIXED,
    "together": _STOPS,
    "xai": _STOPS,
    "cerebras": _SILENT,
    "perplexity": _FULL,
    "ollama": _OWN,
    "vllm": _OWN,
    "llamacpp": _OWN,
    "gpustack": _OWN,
    "cohere": _SILENT,
    "zai": _SILENT,
}
"""Every kind of `kinds.KINDS`. A kind that stands for any compatible server (`openai` with a base URL
of its own) has no rule: its operator must give one, or it is `unknown`."""
