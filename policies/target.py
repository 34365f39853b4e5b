"""Where a call may go: a target is one pooled credential and the upstream's name for the model."""

from typing import TypeAlias

import attrs

from policies.cost import Price


@attrs.frozen
class Target:
    """One place that can answer a call.

    `key` names the credential uniquely in the whole pool (`gemini-a-1`) and is never the credential
    itself. Keys of one `domain` share a quota or fail together. `model` is the upstream's name. A
    target of `weight` 2 is preferred as if it were twice as fast; weights are positive. A key never has
    more than `concurrent` calls in flight: past that, more only wait at the provider.
    `price` is what the provider asks, where it is known.
    """

    key: str
    provider: str
    domain: str
    model: str
    weight: float = attrs.field(default=1.0, validator=attrs.validators.gt(0.0))
    concurrent: int = 256
    price: Price | None = None


Route: TypeAlias = tuple[tuple[Target, ...], ...]
"""The targets of a public model in tiers: a later one is for when no earlier one can take a call."""
