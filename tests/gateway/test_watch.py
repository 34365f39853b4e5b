"""Watching experiments."""

import random
from pathlib import Path

import attrs
import trio

from gateway.trials import encoded
from gateway.watch import Watched, facts_of, quantile_ms, watch
from policies.settings import Policy
from state import Store
from state.experiment_records import ExperimentStarted
from state.records import (
    AttemptEnded,
    RequestEnded,
)

BEGUN = ExperimentStarted(
    *("e", ("*",), encoded(Policy()), "p", 0.5, 1_000.0, 9_000.0),
    predicted_ms=(500.0, 400.0, 600.0),
    ts=1,
)


def ended(number: int, side: str, ttft: float | None) -> RequestEnded:
    """One request of the experiment."""
    hedge = AttemptEnded("k2", "d", "m", "hedge", "lost", 10.0, None, 20.0, status=429)
    request = RequestEnded(
        *(f"req_{number}", "shop", "live", "chat", "fast", 200, True, "default", "lost", "k"),
        *(ttft, 2_000.0, 3, 4),
        attempts=(hedge,),
    )
    return attrs.evolve(request, experiment="e", side=side, nano_usd=5, tax_high=2)


def traffic(count: int, seed: int = 1) -> list[RequestEnded]:
    """Half of them the candidate's; a tenth of the incumbent's are late, none of the candidate's."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        side = rng.choice(("incumbent", "candidate"))
        late = side == "incumbent" and rng.random() < 0.1
        made.append(ended(number, side, 3_000.0 if late else 450.0))
    return made


def test_a_judge_hears_what_the_record_says() -> None:
    """Times, extra calls, refusals, money; nothing of a client that left before the first token."""
    facts = facts_of(ended(1, "candidate", 450.0))

    assert facts is not None
    assert (facts.side, facts.ttft, facts.hedges, facts.limited) == ("candidate", 450.0, 1, True)
    assert (facts.cost, facts.tokens, facts.failed) == (7.0, 4, False)
    gone = attrs.evolve(ended(1, "candidate", None), client_gone=True, error="client_gone")
    assert facts_of(gone) is None


async def test_a_verdict_ends_the_experiment_and_is_told(tmp_path: Path) -> None:
    """Written to the journal with how well the prediction fitted; from then on nothing runs."""
    with Store.open(tmp_path, "serve") as store:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await store.commit(BEGUN)
            store.post(*traffic(1_000))
            nursery.start_soon(watch, store, tmp_path)
            with trio.fail_after(10):
                while store.indexes.experiments.stopped("e") is None:
                    await trio.sleep(0.02)
            nursery.cancel_scope.cancel()
        verdict = store.indexes.experiments.verdict("e")

    assert verdict is not None
    assert verdict.verdict == "better"
    assert verdict.exceedances[1] == 0
    assert verdict.p99_ms == 450.0
    assert verdict.off is not None
    assert abs(verdict.off + 0.1) < 1e-9


async def test_one_without_enough_requests_goes_on(tmp_path: Path) -> None:
    """Twenty requests decide nothing."""
    with Store.open(tmp_path, "serve") as store:
        store.post(*traffic(20))
        watched = Watched.of(BEGUN, tmp_path)

        assert watched.hear(watched.source.poll()) is None

    assert sum(side.requests for side in watched.judge.sides.values()) == 20


def test_a_verdict_that_could_not_be_written_is_still_there_at_the_next_look(
    tmp_path: Path,
) -> None:
    """However many requests come meanwhile: it was known then, and they change nothing."""
    watched = Watched.of(BEGUN, tmp_path)
    verdict = watched.hear(traffic(1_000))
    assert verdict is not None
    heard = sum(side.requests for side in watched.judge.sides.values())

    assert watched.hear(traffic(100)) is verdict
    assert watched.hear([]) is verdict
    assert sum(side.requests for side in watched.judge.sides.values()) == heard


def test_a_quantile_of_nothing_is_none() -> None:
    """Nearest rank otherwise."""
    assert quantile_ms([], 0.99) is None
    assert quantile_ms([float(n) for n in range(1, 101)], 0.99) == 99.0
