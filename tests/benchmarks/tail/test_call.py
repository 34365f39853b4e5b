"""An upstream call in virtual time."""

import pytest
import trio
from trio.testing import MockClock

from benchmarks.tail import script
from benchmarks.tail.call import ScriptedCall
from benchmarks.tail.script import Script
from policies.target import Target
from providers.errors import ProviderError, RateLimited

TARGET = Target("k", "p", "d", "m")


class Seen:
    """Follows one script, and notes what it is told."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.told: list[str] = []

    def begin(self, _target: Target) -> Script:
        return self.script

    def accepted(self, _target: Target) -> None:
        self.told.append("accepted")

    def refused(self, error: ProviderError) -> None:
        self.told.append(f"refused {error.status}")

    def close(self) -> None:
        self.told.append("closed")


async def test_a_call_follows_its_script_and_then_falls_silent(mock_clock: MockClock) -> None:
    """The first token after 0.5 s, the end 0.1 s later; nothing ever after."""
    mock_clock.autojump_threshold = 0
    seen = Seen(script.good(0.5, 0.1))

    async with ScriptedCall(seen, TARGET) as call:
        await call.start()
        assert (await call.receive(), trio.current_time()) == (script.FIRST, 0.5)
        assert (await call.receive(), trio.current_time()) == (script.LAST, 0.6)
        with trio.move_on_after(1000) as patience:
            await call.receive()

    assert patience.cancelled_caught
    assert seen.told == ["accepted", "closed"]


async def test_a_refused_call_raises_and_is_told(mock_clock: MockClock) -> None:
    """After the time that the refusal took."""
    mock_clock.autojump_threshold = 0
    seen = Seen(script.refused(0.08, RateLimited("no", status=429)))

    with pytest.raises(RateLimited):
        async with ScriptedCall(seen, TARGET) as call:
            await call.start()

    assert seen.told == ["refused 429", "closed"]
