"""The open-loop generator: what is late counts from when it was due."""

import random

import pytest
import trio

from benchmarks.generator import Arm, run
from providers.simulator import INSTANT, Fault, KeyPlan, Simulator

PLAN = KeyPlan(profile=INSTANT, words=4, words_sigma=0.0)


async def test_every_scheduled_request_has_one_sample_in_its_turn() -> None:
    """Arms take turns; each sample says what came of its request."""
    simulator = Simulator(default=PLAN, rng=random.Random(1))
    async with trio.open_nursery() as nursery:
        url = await nursery.start(simulator.serve)
        simulator.script("b", ["server_error", Fault("cut", words=2)])
        arms = [Arm("a", url, "a"), Arm("b", url, "b")]
        schedule = [0.01 * n for n in range(6)]
        samples = await run(arms, schedule, model="gpt-4o-mini", max_tokens=4)
        nursery.cancel_scope.cancel()

    assert [sample.arm for sample in samples] == ["a", "b"] * 3
    assert [sample.error for sample in samples if sample.arm == "a"] == [None] * 3
    assert {s.error for s in samples if s.arm == "b"} == {"status 500", "cut", None}
    assert all(s.ttft is not None and s.ttft <= s.total for s in samples if s.error is None)


async def test_a_refused_connection_is_a_sample_too() -> None:
    """Nothing that was scheduled is missing from the result."""
    arms = [Arm("nobody", "http://127.0.0.1:1", "key")]

    (sample,) = await run(arms, [0.0], model="m", max_tokens=1)

    assert sample.error == "OSError"
    assert sample.ttft is None


async def test_waiting_for_a_turn_counts_as_latency() -> None:
    """A request sent late, because its time was in the past, has waited since it was due."""
    simulator = Simulator(default=PLAN, rng=random.Random(1))
    async with trio.open_nursery() as nursery:
        url = await nursery.start(simulator.serve)
        (sample,) = await run([Arm("a", url, "a")], [-1.0], model="gpt-4o-mini", max_tokens=2)
        nursery.cancel_scope.cancel()

    assert sample.ttft == pytest.approx(1.0, abs=0.5)
    assert sample.ttft > 1.0
