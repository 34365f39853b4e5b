"""A limit that several processes keep together: each counts what the others have in use like its own.

What a process says of itself (`own`) is absolute: calls that run, what they hold, and how much it has
charged since it began. So saying it again changes nothing, and a word that is lost is made good by the
next. Of a process that died its calls vanish, and what it had charged stays. Between a call and the news
of it each process lets calls in without it: n processes exceed a limit by what n - 1 of them admit in
that time, at most.
"""

from collections.abc import Callable

import attrs

from policies.limits import Meter, Need
from policies.rate import Rate


@attrs.frozen
class Use:
    """What one process has in use under a meter: calls, nano-dollars and tokens that they hold.

    `requests` and `tokens` are what it has charged against the rates since it began.
    """

    running: int = 0
    held_nano_usd: int = 0
    held_tokens: int = 0
    requests: int = 0
    tokens: int = 0

    def ended(self) -> "Use":
        """The same when none of its calls runs any more."""
        return Use(requests=self.requests, tokens=self.tokens)


@attrs.frozen
class Levels:
    """How full a meter's rates are, with the use of all processes in it."""

    requests: float = 0.0
    tokens: float = 0.0


@attrs.define(eq=False)
class SharedMeter(Meter):
    """A meter that includes the use of other processes; `changed` is told whenever its own changes.

    To be asked of, it is a meter as any other: what is heard is added where calls are counted.
    """

    changed: Callable[[], None] = lambda: None
    _charged: Use = attrs.field(factory=Use, init=False)
    _heard: dict[int, Use] = attrs.field(factory=dict, init=False)

    def begin(self, now: float) -> None:
        """A call was let in."""
        super().begin(now)
        self._charge(requests=1)

    def hold(self, need: Need) -> None:
        """So much may be used by what was let in."""
        super().hold(need)
        self.changed()

    def settle(self, held: Need, tokens: int, now: float) -> None:
        """What held so much has used so many tokens."""
        super().settle(held, tokens, now)
        self._charge(tokens=tokens)

    def leave(self) -> None:
        """A call is over."""
        super().leave()
        self.changed()

    def own(self) -> Use:
        """What this process has in use, without the others."""
        heard = self._heard.values()
        tokens = 0 if self._tokens is None else self._tokens.held
        return Use(
            self.running - sum(use.running for use in heard),
            self.held - sum(use.held_nano_usd for use in heard),
            tokens - sum(use.held_tokens for use in heard),
            self._charged.requests,
            self._charged.tokens,
        )

    def levels(self, now: float) -> Levels:
        """How full its rates are."""
        return Levels(_level(self._requests, now), _level(self._tokens, now))

    def hear(self, process: int, use: Use, now: float) -> None:
        """Another process has so much in use; what it has charged more than before is charged here too."""
        before = self._heard.get(process, Use())
        self._count(process, use)
        if self._requests is not None:
            self._requests.charge(use.requests - before.requests, now)
        if self._tokens is not None:
            self._tokens.charge(use.tokens - before.tokens, now)

    def meet(self, process: int, use: Use, levels: Levels, now: float) -> None:
        """As `hear`, of a process that is older: what is left of its charges is in `levels`."""
        self._count(process, use)
        if self._requests is not None:
            self._requests.raise_to(levels.requests, now)
        if self._tokens is not None:
            self._tokens.raise_to(levels.tokens, now)

    def forget(self, process: int) -> None:
        """Another process has died, and all its calls with it."""
        before = self._heard.get(process)
        if before is not None:
            self._count(process, before.ended())
            del self._heard[process]

    def _count(self, process: int, use: Use) -> None:
        before = self._heard.get(process, Use())
        self._heard[process] = use
        self.running += use.running - before.running
        self.held += use.held_nano_usd - before.held_nano_usd
        if self._tokens is not None:
            self._tokens.held += use.held_tokens - before.held_tokens

    def _charge(self, *, requests: int = 0, tokens: int = 0) -> None:
        charged = self._charged
        self._charged = Use(requests=charged.requests + requests, tokens=charged.tokens + tokens)
        self.changed()


def _level(rate: Rate | None, now: float) -> float:
    return 0.0 if rate is None else rate.level(now)
