"""Which keys may be called now: rest after trouble, then try again gently.

    active ──429──────────────────▶ cooling    (domain x model) ──time──▶ active
           ──failures─────────────▶ ejected    (key)            ──time──▶ probation
           ──no quota─────────────▶ exhausted  (domain)         ──time──▶ probation
           ──credential refused───▶ invalid    (key)            ──time──▶ probation
           ──model unknown────────▶ invalid    (key x model)    ──time──▶ probation
           ──operator─────────────▶ draining   (key)
    probation ──answered──▶ active
              ──the same again──▶ back, for longer

Probation lets one attempt through at a time. An attempt that ends without a verdict (it lost its
race, its client left, it met a 429) gives that place back. What an attempt says counts only if it
began after the rest did: ten calls that fail together are one ejection, and an old stream's good
end cures nothing. How long each kind of trouble lasts is in `terms`.

Nothing is left out by ejection alone when nothing else is left: see `overflow` and `ejected`.
"""

import random
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import attrs

from policies.record import Record
from policies.rest import Reason, Rest, Scope, State, Transition, scope, scopes
from policies.target import Target
from policies.terms import asks_for_rest, is_failure, lasts, refusal, why
from providers.errors import ProviderError

PROBE_WAIT = 1.0  # a guess: how soon a running probe is answered

Claim: TypeAlias = tuple[Rest, ...]


@attrs.frozen
class _Trouble:
    """What an attempt that began at `begun` met."""

    target: Target
    error: ProviderError
    now: float
    begun: float

    def repeats(self, past: Rest) -> bool:
        """Whether it is the same trouble again, met after the rest that it had led to before."""
        return past.over(self.now) and self.begun >= past.since


@attrs.define(eq=False)
class Health:
    """The state of every key. `now` is seconds on one monotonic clock."""

    _rests: dict[Scope, Rest] = attrs.field(factory=dict)
    _records: dict[str, Record] = attrs.field(factory=dict)
    _draining: set[str] = attrs.field(factory=set)

    def available(self, target: Target, now: float) -> bool:
        """Whether nothing at all keeps calls away from the target."""
        if not self._rests and not self._draining:
            return True
        return target.key not in self._draining and not self._barring(target, now)

    def ejected(self, target: Target, now: float) -> bool:
        """Whether only an ejection keeps calls away: no reason when nothing else is left."""
        barring = self._barring(target, now)
        only = bool(barring) and all(rest.reason == "ejected" for rest in barring)
        return only and target.key not in self._draining

    def overflow(self, tier: Sequence[Target], now: float) -> list[Target]:
        """The ejected targets above half of the tier, soonest first: they are let back in.

        When most of a pool looks bad, it is the weather and not the keys; the few good ones would
        drown under the load of all.
        """
        if not self._rests:
            return []
        left_out = [target for target in tier if self.ejected(target, now)]
        left_out.sort(key=lambda target: self._rests[scope("ejected", target)].until)
        return left_out[: max(0, len(left_out) - len(tier) // 2)]

    def state(self, target: Target, now: float) -> State:
        """What to show for the target: its gravest state."""
        if target.key in self._draining:
            return "draining"
        rests = self._resting(target)
        running = (rest.state for rest in rests if not rest.over(now))
        probation = any(rest.reason != "cooling" for rest in rests)
        return next(running, "probation" if probation else "active")

    def soonest(self, targets: Iterable[Target], now: float) -> float | None:
        """Seconds until one of the targets can be called, 0 if one can now; None if never."""
        waits = (self._wait(target, now) for target in targets if target.key not in self._draining)
        return min(waits, default=None)

    def begin(self, target: Target, now: float) -> Claim:
        """An attempt starts. Gives the places on probation that it took, for `release`."""
        return tuple(rest for rest in self._resting(target) if rest.claim(now))

    def release(self, claim: Claim) -> None:
        """The attempt that took these places has ended, whatever its end was."""
        for rest in claim:
            rest.probed = False

    def observe(
        self,
        target: Target,
        error: ProviderError | None,
        now: float,
        rng: random.Random,
        *,
        begun: float | None = None,
    ) -> tuple[Transition, ...]:
        """An attempt that began at `begun` (default: now) was answered completely, or failed.

        Returns the changes of state that follow, often none.
        """
        begun = now if begun is None else begun
        if error is None:
            return tuple(self._answered(target, now, begun))
        trouble = _Trouble(target, error, now, begun)
        changes = (self._rest(reason, trouble, rng) for reason in self._consequences(trouble))
        return tuple(change for change in changes if change is not None)

    def drain(self, key: str, draining: bool = True) -> None:
        """The operator takes a key out of the pool, or puts it back. Running calls go on."""
        (self._draining.add if draining else self._draining.discard)(key)

    def retain(self, targets: Iterable[Target]) -> None:
        """Forgets all that does not concern these targets."""
        kept = tuple(targets)
        known = {scope for target in kept for scope in scopes(target)}
        keys = {target.key for target in kept}
        self._rests = {scope: rest for scope, rest in self._rests.items() if scope in known}
        self._records = {key: record for key, record in self._records.items() if key in keys}
        self._draining &= keys

    def _resting(self, target: Target) -> list[Rest]:
        if not self._rests:
            return []
        return [rest for at in scopes(target) if (rest := self._rests.get(at))]

    def _barring(self, target: Target, now: float) -> list[Rest]:
        return [rest for rest in self._resting(target) if rest.bars(now)]

    def _wait(self, target: Target, now: float) -> float:
        waits = (
            max(rest.until - now, PROBE_WAIT if rest.probed else 0.0)
            for rest in self._barring(target, now)
            if rest.reason != "ejected"
        )
        return max(waits, default=0.0)

    def _answered(self, target: Target, now: float, begun: float) -> Iterable[Transition]:
        record = self._records.setdefault(target.key, Record())
        record.good(now)
        for rest in self._resting(target):
            if begun < rest.since or (rest.reason == "cooling" and not rest.over(now)):
                continue
            del self._rests[scope(rest.reason, target)]
            if rest.reason == "ejected":
                record.come_back(now)
            if rest.reason != "cooling":  # which was over by itself: only its row ends here
                yield _transition(target, rest.reason, rest.state, "active", "answered")

    def _consequences(self, trouble: _Trouble) -> Iterable[Reason]:
        if asks_for_rest(trouble.error):
            yield "cooling"
        refused = refusal(trouble.error)
        if refused is not None:
            yield refused
        if is_failure(trouble.error) and self._one_too_many(trouble):
            yield "ejected"

    def _one_too_many(self, trouble: _Trouble) -> bool:
        """Counts a failure. On probation the first is one too many."""
        past = self._rests.get(scope("ejected", trouble.target))
        if past is not None:
            return trouble.repeats(past)
        record = self._records.setdefault(trouble.target.key, Record())
        record.bad(trouble.now)
        return record.is_poor(trouble.now)

    def _rest(self, reason: Reason, trouble: _Trouble, rng: random.Random) -> Transition | None:
        target, now, at = trouble.target, trouble.now, scope(reason, trouble.target)
        past = self._rests.get(at)
        if past is not None and reason != "cooling" and not trouble.repeats(past):
            return None  # one of several that met the same trouble together
        row = self._row(reason, trouble, past)
        until = now + lasts(reason, trouble.error, row, rng)
        if past is not None and past.until >= until:
            return None
        was, rest = self.state(target, now), Rest(reason, now, until, row)
        self._rests[at] = rest
        return _transition(target, reason, was, rest.state, why(trouble.error), until)

    def _row(self, reason: Reason, trouble: _Trouble, past: Rest | None) -> int:
        if reason == "ejected":
            record = self._records[trouble.target.key]
            return record.eject(trouble.now, again=past is not None)
        return 1 if past is None else past.row + trouble.repeats(past)


def _transition(
    target: Target, reason: Reason, was: State, to: State, why: str, until: float | None = None
) -> Transition:
    model = target.model if reason in {"cooling", "missing"} else None
    domain = target.domain if reason in {"cooling", "exhausted"} else None
    return Transition(target.key, was, to, why, until, model, domain)
