"""The simulated keys: a plan each, and what changes while they are used."""

import random
from collections.abc import Iterable, Mapping
from typing import Self

import attrs

from providers.simulator.dialect import Problem, Refused
from providers.simulator.faults import Chances, Fault, FaultKind, FaultScript
from providers.simulator.ledger import Ledger, Tally
from providers.simulator.plan import KeyPlan, RateLimit


@attrs.define(eq=False)
class TokenBucket:
    """A rate limit at work. Pure: `now` is handed in, in seconds of any one clock."""

    limit: RateLimit
    _tokens: float = attrs.field(init=False)
    _filled: float | None = None

    def __attrs_post_init__(self) -> None:
        self._tokens = float(self.limit.burst)

    @property
    def remaining(self) -> int:
        """Calls that would be let through at once."""
        return int(self._tokens)

    @property
    def reset(self) -> float:
        """Seconds until the bucket is full again."""
        return (self.limit.burst - self._tokens) / self.limit.per_second

    def take(self, now: float) -> float:
        """Take a token: 0, or the seconds until there is one."""
        since = 0.0 if self._filled is None else now - self._filled
        self._filled = now
        self._tokens = min(self.limit.burst, self._tokens + since * self.limit.per_second)
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self.limit.per_second


@attrs.define(eq=False)
class SimulatedKey:
    """One credential that somebody presented."""

    plan: KeyPlan
    tally: Tally
    script: FaultScript
    bucket: TokenBucket | None

    @classmethod
    def of(cls, plan: KeyPlan, tally: Tally) -> Self:
        """A key that nobody has used yet."""
        script = FaultScript.of(plan.faults, repeat=plan.repeat, chances=plan.chances)
        return cls(plan, tally, script, TokenBucket(plan.rate) if plan.rate else None)

    def admit(self, model: str, now: float) -> None:
        """Let a call for this model through.

        Raises:
            Refused: the key is over its rate, or may not use the model.
        """
        if self.bucket and (wait := self.bucket.take(now)):
            raise Refused(Problem("rate_limited", retry_after=wait))
        if self.plan.models is not None and model not in self.plan.models:
            raise Refused(Problem("no_such_model", f"The model `{model}` does not exist."))

    def next_fault(self, rng: random.Random) -> Fault | None:
        """What goes wrong with the next call."""
        return self.script.next(rng)


@attrs.define(eq=False)
class Keyring:
    """All keys, by credential: that is also a key's name. Who has no plan gets the default one."""

    plans: Mapping[str, KeyPlan]
    default: KeyPlan
    ledger: Ledger = attrs.field(factory=Ledger)
    _keys: dict[str, SimulatedKey] = attrs.field(factory=dict, init=False)

    def key(self, name: str) -> SimulatedKey:
        """The key with this credential, made when it is first used."""
        if (key := self._keys.get(name)) is None:
            plan = self.plans.get(name, self.default)
            key = self._keys[name] = SimulatedKey.of(plan, self.ledger.tally(name))
        return key

    def script(
        self,
        name: str,
        faults: Iterable[Fault | FaultKind] = (),
        *,
        repeat: bool = False,
        chances: Chances | None = None,
    ) -> None:
        """Replace a key's fault script."""
        self.key(name).script = FaultScript.of(faults, repeat=repeat, chances=chances)

    def reset(self) -> None:
        """Every key as its plan has it, every count anew; running calls stay counted."""
        self._keys.clear()
        self.ledger.forget()
