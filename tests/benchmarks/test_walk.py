"""The whole walk in virtual time: record, tune, try on a share of the traffic, verdict."""

import random
from pathlib import Path

import attrs

from benchmarks.replay.course import Arrival, Course, Entry
from benchmarks.replay.journal import policy_record, write
from benchmarks.tail.scenarios import POOL, Scenario
from benchmarks.tail.traffic import requests
from benchmarks.tail.world import World
from benchmarks.tuner.analysis import Question, analyse
from benchmarks.tuner.policy_file import Found, policy_file
from benchmarks.tuner.reading import read
from gateway.learned_file import read_learned
from gateway.watch import facts_of, quantile_ms
from policies.arms import coin
from policies.features import Features
from policies.settings import Hedge, Policy
from policies.sides import CANDIDATE, INCUMBENT, Shares, Side, side
from policies.verdict import Judge, Terms, Verdict
from providers.simulator.latency import SPIKY
from state.records import RequestEnded

PLAIN = Policy("plain", hedge=Hedge(policy="off"))
SCENARIO = Scenario("walk", "a walk", POOL, sigma_r=0.0, warm_up=0)
SECRET = b"of this installation"


def served(policy: Policy, count: int, seed: int, only: Side | None = None) -> list[RequestEnded]:
    """What a gateway under this policy would write of so many requests, or of one side's among them."""
    traffic = {each.number: each for each in requests(SCENARIO, count, seed)}
    world = World(SCENARIO, SPIKY, seed, 0.0)
    arrivals = [
        Arrival(n, each.due, Features(20, 100, coin(SECRET, str(n))))
        for n, each in traffic.items()
        if only is None or side(SECRET, "walk", str(n), Shares(0.5)) == only
    ]
    entry = Entry("model", POOL, policy, policy_record("model", policy, POOL).policy_id)
    visits = lambda arrival: world.visit(traffic[arrival.number]).open  # noqa: E731
    return Course(entry, arrivals, visits, random.Random(seed)).run()


def test_what_the_tuner_promises_an_experiment_finds(tmp_path: Path) -> None:
    """5,000 requests are recorded without hedging. The tuner's policy, on half of the next 6,000, is better,
    and its measured p99 lies between the promised bounds."""
    recorded = served(PLAIN, 5_000, 1)
    write(tmp_path / "state", policy_record("model", PLAIN, POOL), recorded)
    answer = analyse(read([tmp_path / "state"]), Question(resamples=200))
    chosen = answer.chosen
    assert chosen is not None
    file = tmp_path / "policy.toml"
    file.write_text(policy_file([Found("model", None, answer)], []))
    hedge = Hedge(policy="learned", learned=read_learned(file, "policy.toml"))

    sides = {
        INCUMBENT: served(PLAIN, 6_000, 2, INCUMBENT),
        CANDIDATE: served(attrs.evolve(PLAIN, hedge=hedge), 6_000, 2, CANDIDATE),
    }
    late = quantile_ms([record.ttft_ms or 0.0 for record in recorded], 0.99)
    assert late is not None
    verdict = judged(sides, Terms(Shares(0.5), late, 60_000.0, 0.05))

    assert verdict is not None
    assert verdict.kind == "better", verdict.why
    measured = quantile_ms([record.ttft_ms or 0.0 for record in sides[CANDIDATE]], 0.99)
    assert measured is not None
    assert chosen.goal.low < measured / 1000.0 < chosen.goal.high


def judged(sides: dict[Side, list[RequestEnded]], terms: Terms) -> Verdict | None:
    """What the judge says, request by request in the order of their ends."""
    heard = [(record.ts, name, record) for name, records in sides.items() for record in records]
    judge = Judge(terms)
    for _, name, record in sorted(heard, key=lambda each: each[0]):
        facts = facts_of(attrs.evolve(record, side=name))
        assert facts is not None
        judge.hear(facts)
        if (verdict := judge.verdict()) is not None:
            return verdict
    return None
