"""Ready-made simulators: the one of `hedgerow sim`, and the one inside a gateway that was given no keys."""

import random

import attrs

from providers.simulator.latency import PROFILES, SPIKY, TIGHT
from providers.simulator.plan import KeyPlan, RateLimit
from providers.simulator.server import Simulator

STEADY = "steady"
SPIKY_KEY = "spiky"
LIMITED = "limited"
EMBEDDED_KEYS = (STEADY, SPIKY_KEY, LIMITED)
"""The names of the embedded simulator's keys, which are their credentials too."""

EMBEDDED_MODELS = (
    "gemini-2.0-flash",
    "gemini-2.5-flash",
    "gpt-4o-mini",
    "claude-sonnet-4-5",
    "text-embedding-004",
    "text-embedding-3-small",
    "gemini-embedding-001",
)
"""What the embedded keys may use, whatever the language they are asked in."""

_MEDIAN = 0.6
_PLEASANT = KeyPlan(
    profile=TIGHT,
    median=_MEDIAN,
    scale=0.25 / _MEDIAN,
    words=60,
    words_sigma=0.3,
    models=EMBEDDED_MODELS,
)


def embedded(rng: random.Random) -> Simulator:
    """Three keys, pleasant to try by hand: the first token of a steady one takes a quarter of a second."""
    return Simulator(
        plans={
            STEADY: _PLEASANT,
            SPIKY_KEY: attrs.evolve(_PLEASANT, profile=SPIKY),
            LIMITED: attrs.evolve(_PLEASANT, rate=RateLimit(per_second=0.5, burst=3)),
        },
        rng=rng,
    )


def standalone(profile: str, seed: int, scale: float = 1.0) -> Simulator:
    """Every credential is a key with this latency profile, its times multiplied by `scale`.

    Raises:
        KeyError: there is no such profile.
    """
    plan = KeyPlan(profile=PROFILES[profile], scale=scale)
    return Simulator(default=plan, rng=random.Random(seed))
