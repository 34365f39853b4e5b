"""A hedging policy that was tuned from recorded traffic: for each kind of call a delay and a probability."""

import attrs

from policies.features import Scope, Size


@attrs.frozen
class Rule:
    """What to do in the scopes that it matches; None matches all. `delay` None: do not hedge."""

    delay: float | None
    probability: float = 1.0
    model: str | None = None
    size: Size | None = None
    warm: bool | None = None

    def matches(self, scope: Scope) -> bool:
        """Whether the rule is for calls like this."""
        return (
            self.model in (None, scope.model)
            and self.size in (None, scope.size)
            and self.warm in (None, scope.warm)
        )

    @property
    def precision(self) -> int:
        """How many members of a scope it names: the more, the closer it fits."""
        return sum(member is not None for member in (self.model, self.size, self.warm))


@attrs.frozen
class Learned:
    """The rules of one file. `source` names the file's content, for the journal."""

    rules: tuple[Rule, ...]
    source: str = ""

    def find(self, scope: Scope) -> Rule | None:
        """The most precise rule for a scope, the first written of equals; None if none fits."""
        fitting = [rule for rule in self.rules if rule.matches(scope)]
        return max(fitting, key=lambda rule: rule.precision, default=None)
