"""Which keys may be called now: rest after trouble, then try again gently.

    active ──429──────────────────▶ cooling    (domain x model) ──time──▶ active
           ──429 everywhere───────▶ cooling    (provider)       ──time──▶ probation
           ──failures─────────────▶ ejected    (key)            ──time──▶ probation
           ──no connection, twice─▶ ejected    (domain)         ──time──▶ probation
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

A rate limit's end was told or will be learned at the price of another 429, so a cooled domain takes
calls again at once. When all of a provider's domains refuse together that is one event with one end:
while it lasts no domain's own pause doubles, and after it one call is tried before all come back.

Nothing is left out by ejection alone when nothing else is left: see `overflow` and `ejected`.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import attrs

from policies.domains import Domains
from policies.outage import Outage
from policies.pressure import Pressure
from policies.record import Record
from policies.rest import (
    Drained,
    Lifted,
    Reason,
    Rest,
    Rested,
    Scope,
    State,
    Told,
    Transition,
    scope,
    scopes,
)
from policies.target import Target
from policies.terms import (
    advice,
    asks_for_rest,
    is_failure,
    is_unreachable,
    lasts,
    refusal,
    why,
)
from providers.errors import ProviderError, RateLimited

PROBE_WAIT = 1.0  # a guess: how soon a running probe is answered
UNTRIED = 60.0  # seconds for which a pause that is over still tells of its provider

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
        return past.over(self.now) and self.begun > past.since


@attrs.define(eq=False)
class Health:
    """The state of every key. `now` is seconds on one monotonic clock. `tell` is asked of all that is found
    here, where other processes should know of it."""

    tell: Callable[[Told], None] = lambda _: None
    _rests: dict[Scope, Rest] = attrs.field(factory=dict)
    _records: dict[Scope, Record] = attrs.field(factory=dict)
    _draining: set[str] = attrs.field(factory=set)
    _domains: Domains = attrs.field(factory=Domains)
    _outage: Outage = attrs.field(factory=Outage)
    _pressure: Pressure = attrs.field(factory=Pressure)

    @property
    def resting(self) -> bool:
        """Whether anything at all is left out, or on probation."""
        return bool(self._rests or self._draining)

    def available(self, target: Target, now: float) -> bool:
        """Whether nothing at all keeps calls away from the target."""
        if target.key in self._draining:
            return False
        rests = self._rests
        if not rests:
            return True
        for at in scopes(target):  # a plain loop: asked for every target of every request
            rest = rests.get(at)
            if rest is not None and rest.bars(now):
                return False
        return True

    def ejected(self, target: Target, now: float) -> bool:
        """Whether only an ejection keeps calls away: no reason when nothing else is left."""
        barring = self._barring(target, now)
        only = bool(barring) and all(rest.state == "ejected" for rest in barring)
        return only and target.key not in self._draining

    def overflow(self, tier: Sequence[Target], now: float) -> list[Target]:
        """The ejected targets above half of the tier, soonest first: they are let back in.

        When most of a pool looks bad, it is the weather and not the keys; the few good ones would
        drown under the load of all.
        """
        if not self._rests:
            return []
        left_out = [target for target in tier if self.ejected(target, now)]
        left_out.sort(key=lambda target: max(rest.until for rest in self._barring(target, now)))
        return left_out[: max(0, len(left_out) - len(tier) // 2)]

    def pressed(self, provider: str, now: float) -> bool:
        """Whether all of the provider's domains refused together, and none was answered since.

        Also said for a minute after the pause if nobody has tried: then it is old news.
        """
        rest = self._rests.get(("pressed", provider))
        return rest is not None and now < rest.until + UNTRIED

    def state(self, target: Target, now: float) -> State:
        """What to show for the target: its gravest state."""
        if target.key in self._draining:
            return "draining"
        rests = self._resting(target)
        running = (rest.state for rest in rests if not rest.over(now))
        probation = any(rest.has_probation for rest in rests)
        return next(running, "probation" if probation else "active")

    def soonest(self, targets: Iterable[Target], now: float) -> float | None:
        """Seconds until one of the targets can be called, 0 if one can now; None if never."""
        waits = (self._wait(target, now) for target in targets if target.key not in self._draining)
        return min(waits, default=None)

    def begin(self, target: Target, now: float) -> Claim:
        """An attempt starts. Gives the places on probation that it took, for `release`."""
        self._domains.learn(target)
        return tuple(rest for rest in self._resting(target) if rest.claim(now))

    def release(self, claim: Claim) -> None:
        """The attempt that took these places has ended, whatever its end was."""
        for rest in claim:
            rest.probed = False

    def accepted(self, target: Target, now: float, *, begun: float) -> tuple[Transition, ...]:
        """The answer of an attempt that began at `begun` is under way: it was not rate limited.

        Ends a provider's common rate limit without waiting for the end of a long answer.
        """
        return tuple(self._lift("pressed", target, now, begun))

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
        if error is None or error.status is not None:
            self._outage.answered(target, begun)
        if error is None:
            return tuple(self._answered(target, now, begun))
        trouble = _Trouble(target, error, now, begun)
        changes = (self._rest(reason, trouble, rng) for reason in self._consequences(trouble))
        return tuple(change for change in changes if change is not None)

    def drain(self, key: str, draining: bool = True) -> None:
        """The operator takes a key out of the pool, or puts it back. Running calls go on."""
        self._drain(key, draining)
        self.tell(Drained(key, draining))

    def adopt(self, told: Told, now: float) -> None:
        """Keeps to what another process has found. Nobody is told of it again."""
        if isinstance(told, Drained):
            self._drain(told.key, told.draining)
            return
        rest = self._rests.get(told.at)
        if isinstance(told, Lifted):
            if rest is not None and rest.disproved(told.begun, now):
                self._end(told.at, rest, now)
        elif rest is None or rest.until < told.until:
            self._rests[told.at] = Rest(told.reason, told.since, told.until, told.row)
            if told.reason in {"ejected", "unreachable"}:
                self._record(told.at).ejections = told.row

    def known(self) -> list[Told]:
        """All that keeps calls away, for a process that has just begun."""
        rests = self._rests.items()
        rested = [Rested(at, rest.reason, rest.since, rest.until, rest.row) for at, rest in rests]
        return [*rested, *(Drained(key, True) for key in self._draining)]

    def reprobe(self) -> None:
        """Credentials may have changed: each refused key is tried once, without more waiting."""
        for rest in self._rests.values():
            if rest.reason == "invalid":
                rest.until = rest.since

    def retain(self, targets: Iterable[Target]) -> None:
        """These targets are all there are. Forgets what does not concern them."""
        kept = tuple(targets)
        known = {scope for target in kept for scope in scopes(target)}
        self._rests = {scope: rest for scope, rest in self._rests.items() if scope in known}
        self._records = {scope: past for scope, past in self._records.items() if scope in known}
        self._draining &= {target.key for target in kept}
        self._domains.retain(kept)
        self._outage.retain({target.domain for target in kept})
        self._pressure.retain({target.provider for target in kept})

    def _drain(self, key: str, draining: bool) -> None:
        (self._draining.add if draining else self._draining.discard)(key)

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
            if rest.state != "ejected"
        )
        return max(waits, default=0.0)

    def _record(self, at: Scope) -> Record:
        return self._records.get(at) or self._records.setdefault(at, Record())

    def _answered(self, target: Target, now: float, begun: float) -> Iterator[Transition]:
        self._record(scope("ejected", target)).good(now)
        for rest in self._resting(target):
            yield from self._lift(rest.reason, target, now, begun)

    def _lift(
        self, reason: Reason, target: Target, now: float, begun: float
    ) -> Iterator[Transition]:
        """Ends a rest, if there is one that an answer to a call begun then disproves."""
        at = scope(reason, target)
        rest = self._rests.get(at)
        if rest is None or not rest.disproved(begun, now):
            return
        self._end(at, rest, now)
        self.tell(Lifted(at, begun))
        if rest.has_probation:  # without, it was over by itself and only its row ends here
            was: State = "probation" if rest.over(now) else rest.state
            yield _transition(target, reason, was, "active", "answered")

    def _end(self, at: Scope, rest: Rest, now: float) -> None:
        del self._rests[at]
        if rest.state == "ejected":
            self._record(at).come_back(now)

    def _consequences(self, trouble: _Trouble) -> Iterator[Reason]:
        error = trouble.error
        if asks_for_rest(error):
            yield from self._cool(trouble)
        refused = refusal(error)
        if refused is not None:
            yield refused
        if not is_failure(error):
            return
        if is_unreachable(error) and self._is_outage(trouble):
            yield "unreachable"
        elif self._one_too_many(trouble):
            yield "ejected"

    def _cool(self, trouble: _Trouble) -> Iterator[Reason]:
        """What is guessed is guessed once, for the provider; what a domain was told it keeps to."""
        pressed = isinstance(trouble.error, RateLimited) and self._is_pressed(trouble)
        if pressed:
            yield "pressed"
        if not pressed or advice(trouble.error) > 0.0:
            yield "cooling"

    def _is_pressed(self, trouble: _Trouble) -> bool:
        target = trouble.target
        if scope("pressed", target) in self._rests:
            return True
        domains = self._domains.of(target.provider)
        return self._pressure.pushed_back(target, trouble.now, domains)

    def _is_outage(self, trouble: _Trouble) -> bool:
        """Whether a missing connection is the domain's failure, and so not counted for the key."""
        target = trouble.target
        if scope("unreachable", target) in self._rests:
            return True
        several = len(self._domains.keys(target.domain)) > 1
        return several and self._outage.unreachable(target, trouble.now)

    def _one_too_many(self, trouble: _Trouble) -> bool:
        """Counts a failure. On probation the first is one too many."""
        at = scope("ejected", trouble.target)
        past = self._rests.get(at)
        if past is not None:
            return trouble.repeats(past)
        record = self._record(at)
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
        self.tell(Rested(at, reason, now, until, row))
        if self._is_told(reason, target):
            return None
        return _transition(target, reason, was, rest.state, why(trouble.error), until)

    def _is_told(self, reason: Reason, target: Target) -> bool:
        """Whether it is part of the provider's common rate limit, of which was told already."""
        return reason == "cooling" and scope("pressed", target) in self._rests

    def _row(self, reason: Reason, trouble: _Trouble, past: Rest | None) -> int:
        if reason in {"ejected", "unreachable"}:
            record = self._record(scope(reason, trouble.target))
            return record.eject(trouble.now, again=past is not None)
        if past is None:
            return 1
        if self._is_told(reason, trouble.target):
            return past.row
        return past.row + trouble.repeats(past)


def _transition(
    target: Target, reason: Reason, was: State, to: State, why: str, until: float | None = None
) -> Transition:
    model = target.model if reason in {"cooling", "missing"} else None
    domain = target.domain if reason in {"cooling", "exhausted", "unreachable"} else None
    provider = target.provider if reason == "pressed" else None
    why = "429" if reason == "pressed" and until is not None else why
    return Transition(target.key, was, to, why, until, model, domain, provider)
