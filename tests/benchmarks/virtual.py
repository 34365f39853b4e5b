"""Logs of the real race in virtual time, for tests that learn from a log."""

import random
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.replay.course import Arrival, Course, Entry
from benchmarks.replay.journal import policy_record, write
from benchmarks.tail.scenarios import POOL, Scenario
from benchmarks.tail.traffic import requests
from benchmarks.tail.world import World
from benchmarks.tuner.lanes import COLUMNS
from benchmarks.tuner.reading import Recording
from benchmarks.tuner.samples import Samples
from policies.arms import throw
from policies.features import Features
from policies.settings import Explore, Hedge, Policy
from providers.simulator.latency import PROFILES
from state.records import PolicyInForce, RequestEnded

EXPLORING = Policy(hedge=Hedge(explore=Explore(control=0.05, dual=0.01, audit=0.10)))
MODEL = "model"
START = 1_795_380_000_000


@cache
def raced(profile: str, count: int, seed: int = 1) -> tuple[PolicyInForce, list[RequestEnded]]:
    """So many requests under the default policy with the usual exploration."""
    scenario = Scenario("log", "a log", POOL, sigma_r=0.0, warm_up=0)
    traffic = {request.number: request for request in requests(scenario, count, seed)}
    world = World(scenario, PROFILES[profile], seed, 0.0)
    policy = policy_record(MODEL, EXPLORING, POOL)
    arrivals = [_arrival(number, request.due) for number, request in traffic.items()]
    entry = Entry(MODEL, POOL, EXPLORING, policy.policy_id, START)
    course = Course(
        entry, arrivals, lambda each: world.visit(traffic[each.number]).open, random.Random(seed)
    )
    return policy, course.run()


def _arrival(number: int, due: float) -> Arrival:
    assigned, coin = throw(b"secret", str(number), EXPLORING.hedge.explore)
    features = Features(
        prompt_tokens=20, output_tokens=100, coin=coin, arm=assigned.arm, audit=assigned.audit
    )
    return Arrival(number, due, features)


def journal(folder: Path, profile: str, count: int) -> Path:
    """A state with such a log in it."""
    policy, records = raced(profile, count)
    write(folder, policy, records)
    return folder


def recording(samples: Samples, budget: float = 0.05) -> Recording:
    """Samples as if they had been read from a log, under a policy with this budget."""
    nothing = np.zeros(len(samples))
    known = {
        name: np.asarray(getattr(samples, name), float)
        for name in COLUMNS
        if hasattr(samples, name)
    }
    columns = [known.get(name, nothing + (name == "probability")) for name in COLUMNS]
    config = f'{{"hedge":{{"budget":{budget},"burst":10.0}}}}'
    policy = PolicyInForce("p", "p", MODEL, config)
    numbers = np.stack([*columns, nothing, nothing, nothing], axis=1)
    return Recording(numbers, (MODEL,), ("p",), {"p": policy}, {})
