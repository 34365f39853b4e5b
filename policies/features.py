"""What a decision may know of a request before it is answered. Values only: no prompt, no text."""

from typing import Literal, TypeAlias

import attrs

Size: TypeAlias = Literal["1k", "4k", "16k", "64k", "over"]
Arm: TypeAlias = Literal["none", "control", "dual"]
Override: TypeAlias = Literal["off", "auto"] | float | None

SIZES: tuple[tuple[int, Size], ...] = (
    (1_000, "1k"),
    (4_000, "4k"),
    (16_000, "16k"),
    (64_000, "64k"),
)


def size(prompt_tokens: int) -> Size:
    """The bucket of a prompt's estimated length; `4k` is more than 1,000 and at most 4,000 tokens."""
    return next((name for most, name in SIZES if prompt_tokens <= most), "over")


@attrs.frozen
class Scope:
    """What makes two calls alike, so that one's time to first token says something of the other's.

    `model` is the upstream's name; `warm` says that the prompt's beginning is in the target's cache.
    """

    model: str
    size: Size = "1k"
    warm: bool = False


@attrs.frozen(slots=False)  # made for every request: with slots it takes thrice as long
class Features:
    """One request's.

    `output_tokens` is the most it may write, as far as is known. `coin` is uniform in [0, 1), drawn
    when the request began. `affinity` names the prompt's beginning without telling it. `unhedgeable`
    says why this request must never run twice at once; `hedge` is the client's own wish.
    """

    prompt_tokens: int = 0
    output_tokens: int = 0
    coin: float = 0.0
    arm: Arm = "none"
    audit: bool = False
    affinity: str | None = None
    unhedgeable: str | None = None
    hedge: Override = None
    size: Size = attrs.field(init=False)

    @size.default
    def _size(self) -> Size:
        return size(self.prompt_tokens)

    def scope(self, model: str, *, warm: bool = False) -> Scope:
        """The scope of an attempt of this request at an upstream model."""
        return Scope(model, self.size, warm)


UNKNOWN = Features()
"""Those of a request of which nothing is known."""
