"""The defaults are the promises."""

import time

from state import Options
from state.options import wall_ms


def test_the_defaults_are_what_the_package_promises():
    """20 ms to the disk, half a second for telemetry, a tenth to see others."""
    options = Options()
    assert (options.sync_interval, options.tell_interval, options.follow_interval) == (
        0.02,
        0.5,
        0.1,
    )
    assert options.segment_size == 64 * 1024 * 1024


def test_the_clock_is_the_wall_in_milliseconds():
    """Since 1970, UTC."""
    assert abs(wall_ms() - time.time() * 1000) < 1000
