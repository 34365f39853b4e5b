"""`hedgerow sim`: fake providers, made up or from recorded traffic."""

import random
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import trio
from cyclopts import Parameter

from gateway.cli.failures import alone
from gateway.config_errors import ConfigError, ConfigErrors
from gateway.quantities import parse_bind, parse_duration

if TYPE_CHECKING:
    from providers.simulator import Simulator, Tape

GAP = "1ms"

Profile = Literal["tight", "typical", "spiky", "heavy", "instant"]
_Value = TypeVar("_Value")


def sim(  # noqa: PLR0913 - options are named, and each is one of its own
    *,
    bind: Annotated[str, Parameter(help="Where to listen, as HOST:PORT.")] = "127.0.0.1:8499",
    profile: Annotated[Profile, Parameter(help="How its latencies are distributed.")] = "typical",
    seed: Annotated[int, Parameter(help="Makes the run repeatable.")] = 1,
    scale: Annotated[float, Parameter(help="Multiplies all its times.")] = 1.0,
    replay: Annotated[
        Path | None,
        Parameter(
            help="Answer with what is recorded in this folder; profile and scale are unused."
        ),
    ] = None,
    gap: Annotated[
        str | None, Parameter(help=f"Time between the events of a recorded stream; default {GAP}.")
    ] = None,
    split: Annotated[
        int | None, Parameter(help="Send recorded bodies in pieces of so many bytes.")
    ] = None,
) -> None:
    """Run fake providers that speak the real wire formats."""
    from providers.simulator import Simulator, standalone  # noqa: PLC0415 - other verbs need neither

    host, port = _read("--bind", parse_bind, bind)
    if replay is None:
        _refuse_without_replay(gap=gap, split=split)
        simulator, lines = standalone(profile, seed, scale), _made_up
    else:
        tape = _tape(replay, gap, split)
        simulator = Simulator(tape=tape, rng=random.Random(seed))
        lines = partial(_recorded, tape)
    trio.run(_serve, simulator, (host, port), bind, lines)


def _tape(folder: Path, gap: str | None, split: int | None) -> "Tape":
    from providers.simulator import Tape  # noqa: PLC0415

    if split is not None and split < 1:
        raise ConfigErrors([ConfigError("--split", "a piece has at least one byte")])
    pause = _read("--gap", parse_duration, gap or GAP)
    return _read("--replay", partial(Tape.read, gap=pause, split=split), folder)


def _read(option: str, reader: Callable[[Any], _Value], text: Any) -> _Value:
    """An option's value.

    Raises:
        ConfigErrors: it is none; the option is named.
    """
    try:
        return reader(text)
    except ValueError as problem:
        raise ConfigErrors([ConfigError(option, str(problem))]) from None


def _refuse_without_replay(**options: object) -> None:
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise ConfigErrors([ConfigError(name, "only with --replay") for name in given])


def _made_up(url: str) -> Sequence[str]:
    return (
        f"Simulated OpenAI {url}/v1, Gemini {url}/v1beta, Anthropic {url}",
        f"Any credential is a key; what each did: {url}/_sim/ledger",
    )


def _recorded(tape: "Tape", url: str) -> Sequence[str]:
    corpus = tape.library.corpus
    return (
        f"Replaying recorded exchanges ({len(corpus.exchanges)}) of {', '.join(corpus.providers)}",
        f"Each provider is at {url}/NAME/..., all together at {url}/...",
        f"Model replay/PROVIDER/FEATURE/FILE, ?replay= or x-replay picks one; calls: {url}/_sim/ledger",
    )


async def _serve(
    simulator: "Simulator",
    address: tuple[str, int],
    bind: str,
    lines: Callable[[str], Sequence[str]],
) -> None:
    async with trio.open_nursery() as nursery:
        url = await _started(nursery, partial(simulator.serve, *address), bind)
        print(*lines(url), sep="\n", flush=True)
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                nursery.cancel_scope.cancel()


async def _started(nursery: trio.Nursery, serve: Callable[..., Any], bind: str) -> str:
    """The simulator's address; the system's word for why there is none does not name it."""
    try:
        url: str = await nursery.start(serve)
    except (OSError, ExceptionGroup) as error:
        cause = alone(error)
        if isinstance(cause, OSError):
            raise OSError(f"Cannot listen on {bind}: {cause.strerror or cause}") from error
        raise
    return url
