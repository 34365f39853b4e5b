"""Probing the real simulator: what is shared is found, and no more is spent than was said."""

import random

import attrs
import pytest
import trio

from benchmarks.probe.calls import rounds
from benchmarks.probe.spending import Purse, state
from benchmarks.probe.verdicts import judge
from gateway.config import Config, KeyConfig, ProviderConfig
from gateway.upstreams import connect
from policies.cost import Price
from policies.target import Target
from providers.client import HttpClient
from providers.simulator import INSTANT, TIGHT, KeyPlan, RateLimit, Simulator, SlowPeriod
from providers.types import Secret

PRICE = Price(input=1.0, output=10.0)
QUICK = KeyPlan(profile=TIGHT, scale=0.05)


async def probed(simulator, secrets, count, every, patience=PRICE):
    """So many rounds of calls to keys with these secrets; the rounds, and what they were stated to cost."""
    keys = tuple(KeyConfig(f"p-{n}", Secret(each), "raw", "d") for n, each in enumerate(secrets))
    targets = [Target(key.name, "p", "d", "gpt-4o-mini", price=patience) for key in keys]
    purse = Purse(state(targets, count, None))
    async with HttpClient() as http, trio.open_nursery() as nursery:
        await nursery.start(http.run)
        url = await nursery.start(simulator.serve)
        provider = ProviderConfig("p", "simulator", url, "d", keys)
        upstreams = connect(Config(providers=(provider,)), None)
        seen = await rounds(http, upstreams, targets, purse, every=every)
        nursery.cancel_scope.cancel()
    return seen, purse


def verdicts(seen):
    """Of each pair of keys, by their numbers."""
    pairs = judge(seen, random.Random(1))
    return {pair.left[-1] + pair.right[-1]: pair for pair in pairs}


@pytest.mark.slow
async def test_keys_that_are_slow_at_the_same_time_are_found():
    """Two share their slow periods; the third is slow when they are not."""
    together = attrs.evolve(QUICK, slow=SlowPeriod(4.0, 0.4, 0.8))
    other = attrs.evolve(QUICK, slow=SlowPeriod(4.0, 0.4, 0.8, offset=0.4))
    plans = {"sk-a": together, "sk-b": together, "sk-c": other}
    simulator = Simulator(plans=plans, rng=random.Random(1))
    seen, _ = await probed(simulator, ["sk-a", "sk-b", "sk-c"], 32, 0.17)
    found = verdicts(seen)
    assert found["01"].slow == "together"
    assert found["02"].slow == found["12"].slow == "apart"
    assert {pair.quota for pair in found.values()} == {"unknown"}


async def test_two_credentials_of_one_quota_are_found_by_its_counter():
    """One bucket behind both; a third key's falls by its own calls alone."""
    plan = KeyPlan(profile=INSTANT, rate=RateLimit(0.001, burst=100))
    simulator = Simulator(plans={"sk-one": plan, "sk-two": plan}, rng=random.Random(1))
    seen, _ = await probed(simulator, ["sk-one", "sk-one", "sk-two"], 10, 0.01)
    found = verdicts(seen)
    assert found["01"].quota == "together"
    assert found["02"].quota == found["12"].quota == "apart"


async def test_a_quota_that_runs_dry_refuses_both():
    """No counter tells more once it is empty, but both are refused from then on and the third is not."""
    plan = KeyPlan(profile=INSTANT, rate=RateLimit(0.001, burst=6))
    simulator = Simulator(
        plans={"sk-one": plan}, default=KeyPlan(profile=INSTANT), rng=random.Random(1)
    )
    seen, _ = await probed(simulator, ["sk-one", "sk-one", "sk-two"], 16, 0.01)
    found = verdicts(seen)
    assert found["01"].both_limited == 13
    assert found["01"].quota == "together"
    assert found["02"].quota == found["12"].quota == "unknown"


async def test_no_more_calls_are_made_than_were_stated():
    """Each key is called once a round, and what they cost stays below what was said."""
    simulator = Simulator(default=KeyPlan(profile=INSTANT), rng=random.Random(1))
    seen, purse = await probed(simulator, ["sk-a", "sk-b"], 5, 0.0)
    counts = [simulator.ledger.tally(secret).counts() for secret in ("sk-a", "sk-b")]
    assert [count.started for count in counts] == [5, 5]
    assert len(seen) == 5
    assert 0 < purse.spent <= purse.stated.nano_usd
    assert purse.spent == sum(each.nano_usd for row in seen for each in row.values())


async def test_a_key_that_fails_is_no_reason_to_stop():
    """What went wrong is told by its kind; the others' times are there."""
    simulator = Simulator(default=KeyPlan(profile=INSTANT), rng=random.Random(1))
    simulator.script("sk-b", ["unauthorized", "cut", "server_error"])
    seen, _ = await probed(simulator, ["sk-a", "sk-b"], 3, 0.0)
    assert [row["p-0"].error for row in seen] == [None] * 3
    assert seen[0]["p-1"].error == "CredentialRejected"
    assert seen[0]["p-1"].nano_usd == 0
    assert seen[2]["p-1"].error == "UpstreamFailed"
    assert not any(row["p-1"].limited for row in seen)
