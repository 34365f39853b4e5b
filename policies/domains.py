"""Which keys are one domain, and which domains are one provider: who shares a trouble."""

from collections.abc import Collection, Iterable

import attrs

from policies.target import Target


@attrs.define(eq=False)
class Domains:
    """What is configured, and what was called since. Bounded by the configured keys."""

    _keys: dict[str, set[str]] = attrs.field(factory=dict)
    _domains: dict[str, set[str]] = attrs.field(factory=dict)

    def learn(self, target: Target) -> None:
        """The target exists."""
        self._keys.setdefault(target.domain, set()).add(target.key)
        self._domains.setdefault(target.provider, set()).add(target.domain)

    def retain(self, targets: Iterable[Target]) -> None:
        """These exist and no others."""
        self._keys.clear()
        self._domains.clear()
        for target in targets:
            self.learn(target)

    def keys(self, domain: str) -> Collection[str]:
        """The names of the domain's keys."""
        return self._keys.get(domain, frozenset())

    def of(self, provider: str) -> Collection[str]:
        """The names of the provider's domains."""
        return self._domains.get(provider, frozenset())
