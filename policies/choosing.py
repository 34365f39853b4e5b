"""Who takes a call: what a target must be, and which of those that are is the best.

The first tier that has a fit target decides. A rival of a running attempt is sought where it has the
least in common with it: at another provider, then in another domain, then at another key. Requests
that share a prompt's beginning prefer the target that has it in its cache, and have one designated
backup, so that hedging warms one second cache and not all of them.
"""

import random
from collections.abc import Callable, Collection, Iterable, Sequence

import attrs

from policies import affinity, balance
from policies.balance import Candidate, Choice
from policies.concurrency import Concurrency
from policies.estimates import Estimates
from policies.features import UNKNOWN, Features
from policies.headroom import Headroom
from policies.health import Health
from policies.load import Load
from policies.settings import BalanceKind
from policies.target import Route, Target
from policies.warmth import Warmth

OVERFLOW_COST = 4.0  # how much worse an ejected key looks that had to be let back in
DESIGNATED = (
    0.7  # how much better a prefix's own target looks: its cache will be warm the next time
)
WARM = 0.4  # and how much better where it is warm now: about what caching does to a first token

LARGE = 5  # targets from which drawing two is cheaper than looking at all
DRAWS = 4
FARTHEST = 2  # of `_distance`: another provider


@attrs.frozen(slots=False)  # made for every request: with slots it takes thrice as long
class Wish:
    """What a target is wanted for.

    Never a key in `used`, never a domain in `avoid`. `rival_of` is the attempt's target that it shall
    help. `turn` counts the route's requests, for policies that go by turns.
    """

    route: Route
    features: Features = UNKNOWN
    balance: BalanceKind = "p2c"
    sticky: bool = True
    used: Collection[str] = ()
    avoid: Collection[str] = ()
    rival_of: Target | None = None
    turn: int = 0
    cost: Callable[[Target], float] = lambda _: 0.0

    @property
    def tokens(self) -> int:
        """What providers reserve for the call."""
        return self.features.prompt_tokens + self.features.output_tokens


@attrs.define(eq=False)
class Chooser:
    """Everything that is asked about targets before one is called."""

    estimates: Estimates = attrs.field(factory=Estimates)
    health: Health = attrs.field(factory=Health)
    load: Load = attrs.field(factory=Load)
    headroom: Headroom = attrs.field(factory=Headroom)
    concurrency: Concurrency = attrs.field(factory=Concurrency)
    warmth: Warmth = attrs.field(factory=Warmth)

    def pick(self, wish: Wish, now: float, rng: random.Random) -> Choice | None:
        """The target for the next attempt, or None if no key can take it now.

        A key whose rate limit seems to be used up is better than none, and so is an ejected one.
        """
        if (choice := self._quickly(wish, now, rng)) is not None:
            return choice
        for roomy in (True, False):
            for tier in wish.route:
                free = self._free(tier, wish, now)
                if roomy:
                    free = [t for t in free if self.headroom.room(t, wish.tokens, now)]
                if free := _farthest(free, wish.rival_of):
                    return self._best(free, tier, wish, now, rng)
        for tier in wish.route:
            ejected = [t for t in tier if self.health.ejected(t, now) and self._open(t, wish)]
            if ejected := _farthest(ejected, wish.rival_of):
                return self._choose(ejected, wish, now, rng)
        return None

    def _quickly(self, wish: Wish, now: float, rng: random.Random) -> Choice | None:
        """What `pick` would choose, where two draws from a large first tier show that they may be compared.

        Drawing again what does not fit gives every fit pair the same chance, as drawing from a list of
        the fit ones does, and nobody has to look at fifty keys to compare two.
        """
        tier = wish.route[0] if wish.route else ()
        if (
            len(tier) < LARGE
            or wish.balance != "p2c"
            or self.health.resting
            or self._prefixed(wish)
        ):
            return None
        for _ in range(DRAWS):
            one, other = balance.two(tier, rng)
            if self._fits(one, wish, now) and self._fits(other, wish, now):
                pair = self.candidate(one, wish, now), self.candidate(other, wish, now)
                return balance.better(*pair, tier, self.load.of)
        return None

    def _fits(self, target: Target, wish: Wish, now: float) -> bool:
        """Whether a target can take the call, and a rival's call as well as any other could."""
        far = wish.rival_of is None or _distance(target, wish.rival_of) == FARTHEST
        return far and self._open(target, wish) and self.headroom.room(target, wish.tokens, now)

    def candidate(self, target: Target, wish: Wish, now: float, liking: float = 1.0) -> Candidate:
        """What is known of a target as a place for this call; `liking` below 1 prefers it."""
        warm = self.warmth.warm(wish.features.affinity, target, now)
        return Candidate(
            target,
            ttft=self.estimates.ttft(target, wish.features.scope(target.model, warm=warm), now),
            inflight=self.load.of(target.key),
            capacity=self.concurrency.capacity(target.key),
            headroom=self.headroom.share(target, now),
            affinity=liking,
            cost=wish.cost(target),
        )

    def _free(self, tier: Iterable[Target], wish: Wish, now: float) -> list[Target]:
        health = self.health
        return [t for t in tier if health.available(t, now) and self._open(t, wish)]

    def _open(self, target: Target, wish: Wish) -> bool:
        if target.key in wish.used or target.domain in wish.avoid:
            return False
        inflight = self.load.of(target.key)
        full = self.concurrency.full(target.key, inflight)
        return inflight < target.concurrent and not full

    def _best(
        self,
        free: Sequence[Target],
        tier: Sequence[Target],
        wish: Wish,
        now: float,
        rng: random.Random,
    ) -> Choice:
        best = self._choose(free, wish, now, rng)
        overflow = self.health.overflow(tier, now)
        if overflow and (open_ := [t for t in overflow if self._open(t, wish)]):
            other = self._choose(open_, wish, now, rng)
            if other.candidate.score * OVERFLOW_COST < best.candidate.score:
                return other
        return best

    def _choose(
        self, targets: Sequence[Target], wish: Wish, now: float, rng: random.Random
    ) -> Choice:
        choice = self._compare(targets, wish, now, rng)
        own = self._own(targets, wish, now)
        if own is None or own == choice.candidate.target:
            return choice
        warm = self.warmth.warm(wish.features.affinity, own, now)
        liked = self.candidate(own, wish, now, WARM if warm else DESIGNATED)
        if wish.rival_of is None and liked.score > choice.candidate.score:
            return choice
        others = (each for each in choice.compared if each[0] != own.key)
        compared = (*others, (own.key, liked.score))
        return Choice(liked, compared, 1.0)

    def _compare(
        self, targets: Sequence[Target], wish: Wish, now: float, rng: random.Random
    ) -> Choice:
        return balance.choose(
            wish.balance,
            targets,
            lambda target: self.candidate(target, wish, now),
            rng,
            turn=wish.turn,
            inflight=self.load.of,
        )

    def _prefixed(self, wish: Wish) -> bool:
        """Whether the prompt's beginning has a say in where the call goes."""
        return wish.features.affinity is not None and wish.sticky and wish.balance == "p2c"

    def _own(self, targets: Sequence[Target], wish: Wish, now: float) -> Target | None:
        """The target that a prompt's beginning belongs to: where it was, or where its hash says."""
        prefix = wish.features.affinity
        if prefix is None or not self._prefixed(wish) or len(targets) < 2:
            return None
        ranked = affinity.rank(prefix, targets)
        last = self.warmth.sticky(prefix, now) if wish.rival_of is None else None
        ranked.sort(key=lambda target: target.key != last)  # stable: the others keep their order
        return affinity.bounded(ranked, self.load.of)


def _farthest(targets: list[Target], other: Target | None) -> list[Target]:
    """Those with the least in common with `other`: what slows that one, spares these."""
    if other is None or len(targets) < 2:
        return targets
    distances = [_distance(target, other) for target in targets]
    most = max(distances)
    return [t for t, distance in zip(targets, distances, strict=True) if distance == most]


def _distance(target: Target, other: Target) -> int:
    if target.domain == other.domain:
        return 0
    return 1 if target.provider == other.provider else 2
