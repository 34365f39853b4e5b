"""Who asks for what and when: open-loop arrivals, the same for every contender."""

import random
from collections.abc import Iterator

import attrs

from benchmarks.arrivals import poisson
from benchmarks.tail.scenarios import Prompts, Scenario
from policies.features import Features
from providers.simulator.latency import request_factor

SHORT_ANSWER = 100
"""Tokens that a request may write: what is measured is the answer's beginning."""


@attrs.frozen
class Request:
    """One client's. `number` counts from 0; `due` and `patience` are seconds.

    `factor` slows every attempt of it alike. `patience` is after how long its client hangs up, None:
    it waits.
    """

    number: int
    due: float
    factor: float
    features: Features
    patience: float | None = None


def requests(scenario: Scenario, count: int, seed: int) -> list[Request]:
    """So many requests of the scenario in the order of their arrivals, warm-up included."""
    rng = random.Random(f"traffic/{seed}")
    arrivals = poisson(scenario.rate, count, rng)
    features = _features(scenario.prompts, count, rng)
    leaving = scenario.leaving
    return [
        Request(
            number,
            due,
            request_factor(rng.getrandbits(64), scenario.sigma_r),
            wanted,
            rng.uniform(0.0, leaving.within) if leaving and rng.random() < leaving.share else None,
        )
        for number, (due, wanted) in enumerate(zip(arrivals, features, strict=True))
    ]


def _features(prompts: Prompts | None, count: int, rng: random.Random) -> Iterator[Features]:
    if prompts is None:
        for _ in range(count):
            yield Features(prompt_tokens=20, output_tokens=SHORT_ANSWER, coin=rng.random())
        return
    lengths = [_length(prompts, rng) for _ in range(prompts.conversations)]
    for _ in range(count):
        conversation = rng.randrange(prompts.conversations)
        yield Features(
            prompt_tokens=lengths[conversation],
            output_tokens=SHORT_ANSWER,
            coin=rng.random(),
            affinity=f"conversation-{conversation}",
        )


def _length(prompts: Prompts, rng: random.Random) -> int:
    drawn = prompts.median * rng.lognormvariate(0.0, prompts.sigma)
    return max(1, min(prompts.most, round(drawn)))
