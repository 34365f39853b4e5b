"""The upstreams of a benchmark in virtual time, at the seam where the race opens its calls.

Chance belongs to the request and to how many calls it has made before, not to whoever sends them or
where: all contenders meet the same luck (common random numbers), so that a difference between two of
them is theirs. What belongs to keys and moments (slow periods, limits, deaths) comes on top of it.
"""

import math
import random
from collections import Counter
from collections.abc import Callable

import attrs
import trio

from benchmarks.tail import script
from benchmarks.tail.call import ScriptedCall
from benchmarks.tail.scenarios import ONSET, ROUND, Faults, Scenario, Storm
from benchmarks.tail.script import Ends, Script
from benchmarks.tail.traffic import Request
from policies.contest import CACHEABLE
from policies.target import Target
from policies.warmth import TTL
from providers.errors import (
    CredentialRejected,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Unreachable,
    UpstreamFailed,
)
from providers.simulator.latency import Profile, first_token, gaps, prompt_factor
from providers.types import Ended, Failed, RateLimits, Usage

MEDIAN = 0.6
"""M of the latency model in seconds: a small model's."""

CACHED = 0.4  # times the first token's time where the prompt's beginning is cached
REFUSAL = 0.08  # seconds to a refusal
UNCONNECTED = 0.001  # seconds until a connection is refused
MOST_CALLS = 64  # of one request, in its numbering of chance
GAPS = 2  # between the tokens of an answer

_NOTHING = RateLimits()


@attrs.define(eq=False)
class World:
    """All keys of a scenario. `start` is when its warm-up ends; it counts what is started and open."""

    scenario: Scenario
    profile: Profile
    seed: int
    start: float
    started: Counter[str] = attrs.field(factory=Counter)
    open_calls: int = 0
    _limits: dict[str, "_Limit"] = attrs.field(factory=dict)
    _cached: dict[tuple[str, str], float] = attrs.field(factory=dict)

    def visit(self, request: Request, ends: Ends = "semantic") -> "Visit":
        """A request's own view of the upstreams."""
        return Visit(self, request, ends)

    def script(self, request: Request, ordinal: int, target: Target) -> Script:
        """How a request's call with this ordinal goes if it is sent there now."""
        now = trio.current_time() - self.start
        rng = random.Random((self.seed << 40) + request.number * MOST_CALLS + ordinal)
        luck = 1.0 + 0.01 * rng.random()  # no two calls are refused in the very same moment
        no = self._refusal(target, now)
        if no is not None:
            return script.refused(
                (UNCONNECTED if isinstance(no, Unreachable) else REFUSAL) * luck, no
            )
        if self._dead(target, now, "silent"):
            return script.SILENT
        return self._answer(request, target, rng, now)

    def warm(self, request: Request, target: Target) -> bool:
        """Whether the prompt's beginning is in the target's cache."""
        prefix = request.features.affinity
        if prefix is None:
            return False
        return trio.current_time() < self._cached.get((prefix, target.key), -math.inf) + TTL

    def read(self, request: Request, target: Target) -> None:
        """The target has read the prompt: its beginning is cached there if it is long enough."""
        prefix = request.features.affinity
        if prefix is not None and request.features.prompt_tokens >= CACHEABLE:
            self._cached[prefix, target.key] = trio.current_time()

    def _answer(self, request: Request, target: Target, rng: random.Random, now: float) -> Script:
        tokens, warm = request.features.prompt_tokens, self.warm(request, target)
        shared = request.factor * self._slowness(target.key, now)
        if self.scenario.prompts is not None:
            shared *= prompt_factor(tokens) * (CACHED if warm else 1.0)
        first = first_token(self.profile, rng, MEDIAN, shared)
        rest = sum(gaps(self.profile, rng, GAPS))
        faults = self.scenario.faults
        if faults != _HARMLESS and (wrong := _gone_wrong(faults, rng, first)) is not None:
            return wrong
        cached = tokens if warm else 0
        usage = Usage(tokens, GAPS, tokens + GAPS, cached) if self.scenario.prompts else None
        return script.good(first, rest, usage)

    def _slowness(self, key: str, now: float) -> float:
        factor = 1.0
        for slow in self.scenario.slow:
            if key in slow.keys and now >= slow.since:
                factor *= slow.period.at(now)
        return factor

    def _refusal(self, target: Target, now: float) -> ProviderError | None:
        storm = self.scenario.storm
        if storm is not None and storm.domain == target.domain and self._turned_away(storm, now):
            if storm.quota:
                return QuotaExhausted("No quota left", status=429, code="insufficient_quota")
            return RateLimited("Too many requests", status=429, retry_after=storm.advice)
        if self._dead(target, now, "invalid"):
            return CredentialRejected("The key was refused", status=401)
        if self._dead(target, now, "refused"):
            return Unreachable("No connection")
        return None

    def _dead(self, target: Target, now: float, how: str) -> bool:
        dying = self.scenario.dying
        return dying is not None and dying.key == target.key and dying.how == how and now >= ONSET

    def _turned_away(self, storm: Storm, now: float) -> bool:
        if now < ONSET or (now - ONSET) % ROUND >= storm.lasting:
            return False
        limit = self._limits.setdefault(storm.domain, _Limit(storm.limit, now))
        return storm.quota or not limit.take(now)


@attrs.define(eq=False)
class _Limit:
    """A bucket of one call that fills at `rate` a second."""

    rate: float
    at: float
    level: float = 1.0

    def take(self, now: float) -> bool:
        """Whether one more call is within the limit; then it has taken it."""
        self.level = min(1.0, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1.0:
            return False
        self.level -= 1.0
        return True


@attrs.define(eq=False)
class Visit:
    """One request among the upstreams: opens its calls, and counts them."""

    world: World
    request: Request
    ends: Ends = "semantic"
    calls: int = 0
    open_calls: int = 0
    saw_429: bool = False

    def open(self, target: Target) -> ScriptedCall:
        """A call to the target, which begins when it is entered."""
        return ScriptedCall(self, target)

    def begin(self, target: Target) -> Script:
        """A call reaches the target."""
        made = self.world.script(self.request, self.calls, target)
        self.calls += 1
        self.open_calls += 1
        self.world.open_calls += 1
        self.world.started[target.key] += 1
        return script.ended_by(made, self.ends)

    def accepted(self, target: Target) -> None:
        """The target has taken a call."""
        self.world.read(self.request, target)

    def refused(self, error: ProviderError) -> None:
        """A call was refused."""
        self.saw_429 |= error.status == 429

    def close(self) -> None:
        """One of the calls is closed."""
        self.open_calls -= 1
        self.world.open_calls -= 1


_HARMLESS = Faults()


def _gone_wrong(faults: Faults, rng: random.Random, first: float) -> Script | None:
    """The script of a call that goes wrong after its 200, or None: it goes well.

    Where upstreams say 200 early all of them do, so that nobody can tell the bad ones by it.
    """
    drawn, later = rng.random(), max(0.0, first - script.HEADERS)
    kinds: tuple[tuple[float, Callable[[], Script]], ...] = (
        (faults.error_frame, lambda: script.begun([(later, (Failed(_overloaded()),))])),
        (faults.silence, lambda: script.begun([])),
        (faults.empty, lambda: script.begun([(later, (Ended(),))])),
        (faults.pause, lambda: script.good(first, rng.uniform(5.0, 60.0))),
        (faults.cut, lambda: script.good(first, math.inf)),
    )
    for share, made in kinds:
        drawn -= share
        if drawn < 0.0:
            return made()
    if not faults.early:
        return None
    return script.begun([(later, script.FIRST[1:]), (0.03, script.LAST)])


def _overloaded() -> ProviderError:
    return UpstreamFailed("Overloaded", status=None, code="overloaded_error")
