"""Prompts of about so many tokens, no two alike, and what is sent with them."""

import random
from typing import Any

import attrs
import msgspec

from benchmarks.load.schedule import Planned

_TEXT = (
    "time year people way day man thing woman life child world school state family student group "
    "country problem hand part place case week company system program question work government "
    "number night point home water room mother area money story fact month lot right study book "
    "eye job word business issue side kind head house service friend father power hour game line"
)
_WORDS = tuple(_TEXT.split())
"""Each is one token, with the space before it, to every tokenizer in wide use."""

_LIMITS = ("max_tokens", "max_completion_tokens")


@attrs.frozen
class Asking:
    """What all requests have in common. `extra` are members of the body; one that is None is left out."""

    model: str
    stream: bool = True
    limit: str = _LIMITS[0]
    extra: dict[str, Any] = attrs.field(factory=dict)

    def body(self, planned: Planned, rng: random.Random) -> bytes:
        """A chat request's JSON. Its prompt begins by chance, so that no cache has seen it."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt(planned.input_tokens, rng)}],
            self.limit: planned.output_tokens,
        }
        if self.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        body |= self.extra
        return msgspec.json.encode({k: v for k, v in body.items() if v is not None})


def prompt(tokens: int, rng: random.Random) -> str:
    """Common words, as many as there shall be tokens: what the server makes of them, its usage says."""
    return " ".join(rng.choices(_WORDS, k=tokens))
