"""What probing may cost, said before and kept to."""

from collections.abc import Sequence

import attrs

from policies.cost import estimate
from policies.target import Target

PROMPT_TOKENS = 32
"""More than the prompt and what providers put around it."""

OUTPUT_TOKENS = 1


class TooDear(Exception):
    """The budget does not allow what is asked for."""


@attrs.frozen
class Stated:
    """The worst case: so many rounds of one call to each of the targets, and their cost in nano-dollars.

    `unpriced` are keys for whose model no price is configured: nobody knows what they cost.
    """

    rounds: int
    calls: int
    nano_usd: int
    unpriced: tuple[str, ...]


def state(targets: Sequence[Target], rounds: int, budget_usd: float | None) -> Stated:
    """What that many rounds cost at most; fewer rounds, where the budget allows only those.

    Raises:
        TooDear: not even two rounds can be afforded, or nobody knows what they cost.
    """
    unpriced = tuple(target.key for target in targets if target.price is None)
    each = sum(worst(target) for target in targets)
    if budget_usd is not None:
        if unpriced:
            raise TooDear(
                f"no price is configured for {', '.join(unpriced)}: a budget says nothing"
            )
        rounds = min(rounds, int(budget_usd * 1e9) // max(1, each))
    if rounds < 2:
        raise TooDear(f"a round costs up to ${each / 1e9:.6f}, and it takes two at least")
    return Stated(rounds, rounds * len(targets), rounds * each, unpriced)


def worst(target: Target) -> int:
    """Nano-dollars that a call costs at most, by the configured price; 0 without one."""
    if target.price is None:
        return 0
    return estimate(target.price, PROMPT_TOKENS, OUTPUT_TOKENS, warm=False)


@attrs.define
class Purse:
    """What is left of what was stated. A key whose calls turn out dearer counts as that dear from then on."""

    stated: Stated
    spent: int = 0
    _dearest: dict[str, int] = attrs.field(factory=dict)

    def paid(self, key: str, nano_usd: int) -> None:
        """One call cost this."""
        self.spent += nano_usd
        self._dearest[key] = max(self._dearest.get(key, 0), nano_usd)

    def affords(self, targets: Sequence[Target]) -> bool:
        """Whether one more round stays within what was stated, whatever is answered."""
        dear = sum(max(worst(target), self._dearest.get(target.key, 0)) for target in targets)
        return self.spent + dear <= self.stated.nano_usd
