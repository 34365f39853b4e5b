"""The upstreams in virtual time: luck that is everybody's, troubles at their places and moments."""

import math
import statistics

import attrs
import pytest
import trio
from trio.testing import MockClock

from benchmarks.tail.scenarios import ONSET, ROUND, SCENARIOS, Faults, Scenario
from benchmarks.tail.script import FIRST, LAST, Script
from benchmarks.tail.traffic import Request, requests
from benchmarks.tail.world import MEDIAN, World
from policies.features import Features
from policies.target import Target
from providers.errors import CredentialRejected, QuotaExhausted, RateLimited, Unreachable
from providers.simulator.latency import SPIKY
from providers.types import Event, Failed

TARGETS = {target.key: target for target in SCENARIOS["iid"].route[0]}
A1, B1 = TARGETS["a1"], TARGETS["b1"]


def world(name: str, start: float = 0.0) -> World:
    """A scenario's upstreams; its troubles begin `ONSET` after `start`."""
    return World(SCENARIOS[name], SPIKY, 1, start)


def request(number: int = 0) -> Request:
    """A request without anything special."""
    return Request(number, 0.0, 1.0, Features())


async def at(world: World, moment: float, target: Target, number: int = 0) -> Script:
    """How a call goes that reaches the target so many seconds after the warm-up's end."""
    await trio.sleep_until(world.start + moment)
    return world.script(request(number), 0, target)


@pytest.fixture
def clock(autojump_clock: MockClock) -> MockClock:
    """Virtual time."""
    return autojump_clock


async def test_a_call_follows_its_script_and_is_counted(clock: MockClock) -> None:
    """Headers with the first token, then the rest; open while it is entered."""
    here = world("iid")
    visit = here.visit(request())
    script = here.script(request(), 0, A1)

    async with visit.open(A1) as call:
        assert (visit.open_calls, here.open_calls) == (1, 1)
        await call.start()
        assert trio.current_time() == pytest.approx(script.accepted)
        received: list[Event] = [*await call.receive(), *await call.receive()]

    assert tuple(received) == FIRST + LAST
    assert (visit.open_calls, here.open_calls, visit.calls) == (0, 0, 1)
    assert here.started == {"a1": 1}


async def test_after_the_last_step_there_is_silence(clock: MockClock) -> None:
    """Whoever waits for more must bound it."""
    call = world("iid").visit(request()).open(A1)
    async with call:
        await call.start()
        await call.receive()
        await call.receive()
        with trio.move_on_after(1000.0) as waited:
            await call.receive()

    assert waited.cancelled_caught


async def test_luck_is_the_requests_wherever_it_goes(clock: MockClock) -> None:
    """The first call of a request takes as long at any key; its second has luck of its own."""
    here = world("iid")
    scripts = {here.script(request(), 0, target).accepted for target in TARGETS.values()}

    assert len(scripts) == 1
    assert here.script(request(), 1, A1).accepted not in scripts
    assert here.script(request(1), 0, A1).accepted not in scripts
    assert World(SCENARIOS["iid"], SPIKY, 2, 0.0).script(request(), 0, A1).accepted not in scripts


async def test_first_tokens_follow_the_profile(clock: MockClock) -> None:
    """The median is the model's, nearly: outliers lift it a little."""
    here = world("iid")
    firsts = [here.script(request(n), 0, A1).accepted for n in range(2000)]

    assert 1.0 < statistics.median(firsts) / MEDIAN < 1.06


async def test_a_slow_key_is_slow_in_its_time(clock: MockClock) -> None:
    """Six times for 90 s of every 600, the others never."""
    here = world("slow-key", start=50.0)
    usual = (await at(here, 0.0, A1)).accepted
    slow, other = await at(here, ONSET + 1.0, A1), await at(here, ONSET + 1.0, B1)
    after, again = await at(here, ONSET + 91.0, A1), await at(here, ONSET + ROUND, A1)

    assert slow.accepted == pytest.approx(6.0 * usual)
    assert (other.accepted, after.accepted) == (usual, usual)
    assert again.accepted == pytest.approx(6.0 * usual)


async def test_a_storm_turns_away_what_is_above_the_limit(clock: MockClock) -> None:
    """In 80 ms, and only in that domain; then it is over."""
    here = world("429-storm")
    await trio.sleep(ONSET)
    calls = [await at(here, ONSET + n / 10.0, A1, n) for n in range(100)]
    refused = [call.error for call in calls if call.error is not None]

    assert 90 < len(refused) < 95
    assert all(isinstance(no, RateLimited) and no.retry_after == 5.0 for no in refused)
    assert all(call.accepted < 0.082 for call in calls if call.error)
    assert (await at(here, ONSET + 10.0, B1)).error is None
    assert (await at(here, ONSET + 61.0, A1)).error is None


async def test_slow_backups_are_slow_from_the_beginning(clock: MockClock) -> None:
    """A warm-up in which they were fast would teach the contrary of what is true."""
    here = world("hedge-hostile-10", start=50.0)
    (fast,), (slow, *_) = here.scenario.route

    for moment in (-50.0, 0.0, 0.99, 400.0):
        expected = (await at(here, moment, fast)).accepted
        assert (await at(here, moment, slow)).accepted == pytest.approx(10.0 * expected)


@pytest.mark.parametrize(
    ("scenario", "kind", "advice"),
    [
        ("429-storm-no-header", RateLimited, None),
        ("429-storm-no-quota", QuotaExhausted, None),
        ("key-death", CredentialRejected, None),
        ("key-death-refused", Unreachable, None),
    ],
)
async def test_other_refusals(
    clock: MockClock, scenario: str, kind: type[Exception], advice: float | None
) -> None:
    """Each scenario has its own error, and nothing goes wrong before its time."""
    here = world(scenario)
    before = (await at(here, ONSET - 1.0, A1)).error
    errors = [(await at(here, ONSET + 1.0, A1, n)).error for n in range(3)]

    assert before is None
    assert isinstance(errors[-1], kind)
    assert getattr(errors[-1], "retry_after", None) == advice


async def test_a_silent_key_accepts_and_never_answers(clock: MockClock) -> None:
    """Even the headers do not come."""
    assert (await at(world("key-death-silent"), ONSET + 1.0, A1)).accepted == math.inf


async def test_a_429_is_noted_of_its_request(clock: MockClock) -> None:
    """Also if nobody would tell."""
    here = world("429-storm")
    await trio.sleep(ONSET)
    assert (await at(here, ONSET, A1)).error is None
    visit = here.visit(request())
    with pytest.raises(RateLimited):
        async with visit.open(A1) as call:
            await call.start()

    assert visit.saw_429
    assert visit.open_calls == 0


async def test_faults_come_in_their_shares_after_a_rash_200(clock: MockClock) -> None:
    """Good answers say 200 just as early, so that the headers tell nothing."""
    here = world("error-frame")
    scripts = [here.script(request(n), 0, A1) for n in range(4000)]
    failed = sum(isinstance(s.steps[-1][1][0], Failed) for s in scripts)
    silent = sum(len(s.steps) == 1 for s in scripts)

    assert len({s.accepted for s in scripts}) == 1
    assert 55 < failed < 110
    assert 22 < silent < 65


async def test_streams_pause_or_stop_in_their_middle(clock: MockClock) -> None:
    """After a first token that came as always."""
    scenario = attrs.evolve(SCENARIOS["stall"], faults=Faults(pause=0.5, cut=0.5))
    scripts = [World(scenario, SPIKY, 1, 0.0).script(request(n), 0, A1) for n in range(50)]
    pauses = [script.steps[1][0] for script in scripts]

    assert all(script.steps[0] == (0.0, FIRST) for script in scripts)
    assert math.inf in pauses
    assert all(5.0 <= pause <= 60.0 for pause in pauses if pause != math.inf)


async def test_a_prompt_that_was_read_is_cached_for_a_while(clock: MockClock) -> None:
    """Where it was read, for five minutes; then it takes long again."""
    scenario: Scenario = SCENARIOS["heavy-prompts"]
    here = World(scenario, SPIKY, 1, 0.0)
    long = next(r for r in requests(scenario, 50, 1) if r.features.prompt_tokens > 2000)
    target, other = scenario.route[0][:2]
    cold = here.script(long, 0, target).accepted
    here.read(long, target)

    assert here.script(long, 0, target).accepted == pytest.approx(0.4 * cold)
    assert here.script(long, 0, other).accepted == pytest.approx(cold)
    await trio.sleep(301.0)
    assert not here.warm(long, target)
