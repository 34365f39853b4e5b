"""What a failure that can be expected looks like at the prompt, and that no other is hidden."""

import pytest
import trio

from gateway.cli.failures import FAILED, INTERRUPTED, USAGE, told
from gateway.config_errors import ConfigError, ConfigErrors
from gateway.front.listen import AddressUnavailable
from state.errors import Place, StateDamaged

DAMAGED = StateDamaged(Place("00000001.jsonl", 5, 301), "the checksum is wrong", (4, 4))
MISTAKES = ConfigErrors([ConfigError("a.b", "no such key"), ConfigError("c", "not a number")])


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError("Cannot listen on 127.0.0.1:1: taken"), FAILED, "127.0.0.1:1"),
        (AddressUnavailable("Cannot listen on [::1]:1: taken"), FAILED, "[::1]:1"),
        (DAMAGED, FAILED, "00000001.jsonl, line 5"),
        (MISTAKES, USAGE, "a.b: no such key\nc: not a number"),
        (ModuleNotFoundError(name="numpy"), USAGE, "pip install 'hedgerow[tune]'"),
    ],
)
@pytest.mark.parametrize("nurseries", [0, 1, 3])
def test_an_expected_failure_is_a_message_and_a_code(
    error: Exception, code: int, said: str, nurseries: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many nurseries it came through."""
    for _ in range(nurseries):
        error = ExceptionGroup("Exceptions from Trio nursery", [error])

    with pytest.raises(SystemExit) as caught, told():
        raise error

    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (code, "")
    assert err.startswith("hedgerow: ")
    assert said in err


@pytest.mark.parametrize("nurseries", [0, 2])
def test_an_interruption_ends_without_a_word(
    nurseries: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C while the gateway starts reaches its nurseries as an exception."""
    error: BaseException = KeyboardInterrupt()
    for _ in range(nurseries):
        error = BaseExceptionGroup("Exceptions from Trio nursery", [error])

    with pytest.raises(SystemExit) as caught, told():
        raise error

    assert caught.value.code == INTERRUPTED
    assert capsys.readouterr() == ("", "")


async def test_what_real_nurseries_raise_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Two tasks deep, and a third that was cancelled on the way."""

    async def damaged() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise DAMAGED

    with pytest.raises(SystemExit) as caught, told():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(damaged)

    assert caught.value.code == FAILED
    assert capsys.readouterr().err == f"hedgerow: {DAMAGED}\n"


@pytest.mark.parametrize(
    "bug",
    [
        ValueError("ours"),
        ExceptionGroup("", [ValueError("ours")]),
        ExceptionGroup("", [OSError("expected"), ValueError("ours")]),
        SystemExit(3),
        ModuleNotFoundError(name="some_module_of_ours"),
    ],
)
def test_anything_else_is_not_hidden(
    bug: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bug keeps its traceback, also where an expected failure came along with it."""
    with pytest.raises(type(bug)) as caught, told():
        raise bug

    assert caught.value is bug
    assert capsys.readouterr().err == ""
