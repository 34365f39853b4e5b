"""What stops at the barrier, what passes, and what the log is told."""

import pytest
import trio

from gateway.front.barrier import barrier


def test_an_error_stops_and_is_logged_without_its_values(caplog):
    """The kind and the place, not the message."""
    with barrier("A connection"):
        raise ValueError("sk-" + "secret")
    [record] = caplog.records
    assert record.name == "gateway.front"
    assert record.getMessage().startswith("A connection failed: builtins.ValueError at\n")
    assert "sk-secret" not in record.getMessage()


def test_a_group_of_errors_is_one_line_in_the_log(caplog):
    """Every leaf is named."""
    with barrier("A connection"):
        raise ExceptionGroup("", [OSError(), ExceptionGroup("", [KeyError()])])
    [record] = caplog.records
    assert "builtins.OSError" in record.getMessage()
    assert "builtins.KeyError" in record.getMessage()


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_passes(caplog, signal):
    """Ctrl-C is nobody's failure."""
    with pytest.raises(signal), barrier("A connection"):
        raise signal
    assert not caplog.records


async def test_cancellation_passes_and_what_came_with_it_is_logged(caplog):
    """A scope outside is left as it must be, though an error was mixed in."""
    with trio.CancelScope() as scope:
        with barrier("A connection"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_fail_when_cancelled)
                nursery.start_soon(trio.sleep_forever)
                scope.cancel()
        await trio.lowlevel.checkpoint()
        pytest.fail("the cancellation was lost")
    assert scope.cancelled_caught
    assert "builtins.ValueError" in caplog.text


async def _fail_when_cancelled():
    try:
        await trio.sleep_forever()
    finally:
        raise ValueError
