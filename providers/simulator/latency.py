"""How long a simulated provider takes: time to first token, gaps between tokens, length of an answer.

Pure: chance is handed in, and the same generator state gives the same times. The time to first token is

    M * exp(sigma Z) * U * R * G

with M the model's median, Z normal, U an outlier factor (1, or with probability `outliers` a Pareto draw
of at least `least` and index `alpha`), R the request's own factor, which every attempt of it shares, and
G a shared slow period. The four profiles are fitted to published measurements of real providers; the
quantiles they must show are in the tests. All times are seconds.
"""

import math
import random
from collections.abc import Mapping
from types import MappingProxyType

import attrs

LONGEST = 60.0
"""No first token takes longer, whatever the draws say, before `scale` is applied."""

TOKENS_PER_DOUBLING = 20_000
"""Prompt tokens that make the time to first token twice that of an empty prompt."""


@attrs.frozen
class Profile:
    """The shape of a provider's latency, in multiples of its median."""

    name: str
    sigma: float = 0.0
    outliers: float = 0.0
    least: float = 1.0
    alpha: float = 1.0
    gap: float = 0.015
    """Median seconds between two tokens."""
    gap_sigma: float = 0.4
    instant: bool = False
    """Everything at once: no latency at all, whatever the median."""


TIGHT = Profile("tight", sigma=0.20, outliers=0.02, least=1.5, alpha=3.0)
TYPICAL = Profile("typical", sigma=0.26, outliers=0.05, least=1.2, alpha=1.85)
SPIKY = Profile("spiky", sigma=0.30, outliers=0.03, least=4.5, alpha=3.5)
HEAVY = Profile("heavy", sigma=0.35, outliers=0.08, least=3.0, alpha=2.5)
INSTANT = Profile("instant", gap=0.0, gap_sigma=0.0, instant=True)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.name: profile for profile in (TIGHT, TYPICAL, SPIKY, HEAVY, INSTANT)}
)


@attrs.frozen
class SlowPeriod:
    """`factor` times slower for the first `lasting` of every `every` seconds, counted from `offset`.

    Keys given equal values are slow together, as the keys of one organisation are.
    """

    factor: float
    lasting: float
    every: float
    offset: float = 0.0

    def at(self, now: float) -> float:
        """The factor that holds at this moment."""
        return self.factor if (now - self.offset) % self.every < self.lasting else 1.0


def first_token(profile: Profile, rng: random.Random, median: float, shared: float = 1.0) -> float:
    """Seconds to the first token. `shared` is what does not belong to this attempt alone: R * G."""
    if profile.instant:
        return 0.0
    own = math.exp(profile.sigma * rng.gauss(0.0, 1.0))
    return min(LONGEST, median * own * _outlier(profile, rng) * shared)


def _outlier(profile: Profile, rng: random.Random) -> float:
    if rng.random() >= profile.outliers:
        return 1.0
    return profile.least * rng.paretovariate(profile.alpha)


def request_factor(fingerprint: int, sigma: float) -> float:
    """R: the same for every attempt that carries the same prompt, whichever key it goes to."""
    if not sigma:
        return 1.0
    return random.Random(fingerprint).lognormvariate(0.0, sigma)


def prompt_factor(prompt_tokens: int) -> float:
    """How much a prompt of this length slows its first token when nothing of it is cached."""
    return 1.0 + prompt_tokens / TOKENS_PER_DOUBLING


def gaps(profile: Profile, rng: random.Random, count: int) -> list[float]:
    """Seconds between one token and the next, `count` times. Not for the instant profile."""
    mu = math.log(profile.gap)
    return [rng.lognormvariate(mu, profile.gap_sigma) for _ in range(count)]


def answer_length(rng: random.Random, median: float, sigma: float, most: int) -> int:
    """Tokens that a model writes when nobody limits it: at least one, at most `most`."""
    drawn = median * math.exp(sigma * rng.gauss(0.0, 1.0))
    return max(1, min(most, round(drawn)))
