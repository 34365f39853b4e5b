"""A clock as slow as a program under valgrind."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from benchmarks.gate.slowly import SLOWER, SlowClock
from tests.gateway_process import environment


def test_a_slow_second_lasts_long() -> None:
    """Deadlines and the time agree about that."""
    clock = SlowClock()
    clock.start_clock()
    assert clock.deadline_to_sleep_time(clock.current_time() + 1) == pytest.approx(SLOWER, rel=0.1)
    assert clock.deadline_to_sleep_time(math.inf) == math.inf


def test_trio_sleeps_by_it() -> None:
    """What a fast program would sleep through in its own time takes so many times longer."""

    async def slept() -> float:
        began = trio.lowlevel.current_clock().current_time()
        await trio.sleep(0.0001)
        return trio.lowlevel.current_clock().current_time() - began

    assert 0.0001 <= trio.run(slept, clock=SlowClock()) < 0.01


def test_a_mistake_in_the_configuration_does_not_start(tmp_path: Path) -> None:
    """The gateway's own checks come first."""
    config = tmp_path / "hedgerow.toml"
    config.write_text("[server]\nbinds = 'here'\n")
    command = [sys.executable, "-m", "benchmarks.gate.slowly", "gateway", str(config)]
    environ = environment(tmp_path, {})
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environ)
    assert done.returncode != 0
    assert "binds" in done.stderr
