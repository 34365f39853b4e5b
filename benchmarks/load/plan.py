"""A command line understood: what will be sent, to whom, and what is demanded. Says at once what is wrong."""

import math
import random
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs
import msgspec

from benchmarks.load.arrivals import arrivals
from benchmarks.load.lengths import Law, Side, read_lengths
from benchmarks.load.options import FileOptions, Options, TrafficOptions, words
from benchmarks.load.prompts import Asking
from benchmarks.load.schedule import Extent, Planned, replayed, schedule, unrecorded
from benchmarks.load.slo import Slo, read_limit, read_slo
from benchmarks.load.summary import STREAMED, WHOLE, Limit
from benchmarks.load.target import Target, read_headers, shown_url, target
from benchmarks.load.traces import Trace, read_trace
from gateway.quantities import parse_duration
from providers.types import Secret

SECONDS = 30.0
"""How long, where neither time nor number is given and no trace says it."""

MOST = 5_000_000
"""Requests in a schedule: more would not fit into memory."""

_Value = TypeVar("_Value")


class Unusable(Exception):
    """Something on the command line that means nothing here."""


@attrs.frozen
class Plan:
    """What to do. `timeout` is in seconds; `command` is what to type to do it again."""

    target: Target
    asking: Asking
    load: tuple[Planned, ...] = attrs.field(repr=False)
    timeout: float
    slos: tuple[Slo, ...]
    limits: tuple[Limit, ...]
    command: str
    faster: str
    """The same at twice the rate."""
    slower: str
    """The same at half of it."""
    parameters: tuple[tuple[str, str], ...]
    """Names and values with units, for the report."""
    seed: int
    notes: tuple[str, ...] = ()
    """What should be known of it."""


def plan(options: Options, environment: Mapping[str, str], key: Secret | None) -> Plan:
    """The plan; `key` is what standard input gave, if it was asked for.

    Raises:
        Unusable: something is wrong; the message says which option and what.
    """
    _check_files(options.files)
    traffic, asking = options.traffic, options.asking
    trace = _trace(traffic)
    rng = random.Random(traffic.seed)
    load = _load(traffic, trace, rng)
    slos = tuple(_read("--slo", read_slo, text) for text in options.judged.slo)
    limits = tuple(_read("--good", read_limit, text) for text in options.judged.good)
    limits = limits or tuple(slo.limit for slo in slos if slo.limit is not None)
    _check_whole(options, slos, limits)
    headers = _read("--header", lambda given: read_headers(given, environment), asking.header)
    secret = _key(asking.key_env, environment) or key
    asked = _read("URL", lambda url: target(url, secret, headers), options.url)
    return Plan(
        target=asked,
        asking=Asking(asking.model, not asking.no_stream, asking.limit_as, _body(asking.body)),
        load=load,
        timeout=_read("--timeout", parse_duration, asking.timeout),
        slos=slos,
        limits=limits,
        command=asked.hide(command_line(options)),
        faster=asked.hide(command_line(_at(options, 2.0))),
        slower=asked.hide(command_line(_at(options, 0.5))),
        parameters=tuple(_parameters(options, trace, load)),
        seed=traffic.seed,
        notes=_notes(trace),
    )


def command_line(options: Options) -> str:
    """What to type to do the same again; secrets are to be filled in."""
    groups = (options.asking, options.traffic, options.judged, options.files)
    said = [word for group in groups for word in words(group)]
    if options.traffic.seed == attrs.fields(TrafficOptions).seed.default:
        said += ["--seed", str(options.traffic.seed)]
    return shlex.join(["hedgerow", "bench", "load", shown_url(options.url), *said])


def _at(options: Options, times: float) -> Options:
    """The same command line, so many times as fast."""
    traffic = options.traffic
    if traffic.trace is not None:
        changed = attrs.evolve(traffic, speed=traffic.speed * times)
    else:
        changed = attrs.evolve(traffic, rate=_rate(traffic) * times)
    return attrs.evolve(options, traffic=changed)


def _load(traffic: TrafficOptions, trace: Trace | None, rng: random.Random) -> tuple[Planned, ...]:
    extent, lengths = _extent(traffic), (_law(traffic, "input"), _law(traffic, "output"))
    if trace is not None:
        rows = replayed(trace.rows, _positive("--speed", traffic.speed))
    else:
        rate, cv = _positive("--rate", _rate(traffic)), _positive("--cv", traffic.cv)
        rows = unrecorded(arrivals(traffic.arrivals, rate, cv, rng))
    load = tuple(schedule(rows, extent, lengths, rng))
    if not any(planned.counted for planned in load):
        raise Unusable("no request that counts is due in that time")
    return load


def _rate(traffic: TrafficOptions) -> float:
    return 1.0 if traffic.rate is None else traffic.rate


def _extent(traffic: TrafficOptions) -> Extent:
    warm_up = _read("--warm-up", parse_duration, traffic.warm_up)
    duration, requests = traffic.duration, traffic.requests
    seconds = None if duration is None else _read("--duration", parse_duration, duration)
    if traffic.trace is not None:
        if traffic.rate is not None:
            raise Unusable("--rate: a trace has its own; --speed makes it faster")
    elif seconds is None and requests is None:
        seconds = SECONDS
    if requests is not None and requests < 1:
        raise Unusable("--requests must be at least 1")
    due = requests or 0 if seconds is None else seconds * _rate(traffic)
    if traffic.trace is None and due + warm_up * _rate(traffic) > MOST:
        raise Unusable(f"that would be more than {MOST:,} requests")
    return Extent(warm_up, seconds, requests)


def _trace(traffic: TrafficOptions) -> Trace | None:
    if traffic.trace is None:
        return None
    lenient = traffic.skip_broken_rows
    trace = _read("--trace", lambda path: read_trace(path, lenient=lenient), traffic.trace)
    if not trace.timed:
        raise Unusable(f"--trace: {traffic.trace} has no times; its lengths are of use, though")
    return trace


def _law(traffic: TrafficOptions, side: Side) -> Law:
    text = traffic.input_tokens if side == "input" else traffic.output_tokens
    return _read(f"--{side}-tokens", lambda given: read_lengths(given, side), text)


def _body(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Unusable(f"--body: expected a JSON object: {error}") from None


def _key(variable: str | None, environment: Mapping[str, str]) -> Secret | None:
    if variable is None:
        return None
    value = environment.get(variable, "").strip()
    if not value:
        raise Unusable(f"--key-env: there is no variable {variable} in the environment")
    return Secret(value)


def _check_files(files: FileOptions) -> None:
    """Says at once what would else be noticed when all has been measured."""
    for name in ("jsonl", "hgrm", "html"):
        path: Path | None = getattr(files, name)
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise Unusable(f"--{name}: {path} cannot be written: no such folder, or it is one")


def _check_whole(options: Options, slos: tuple[Slo, ...], limits: tuple[Limit, ...]) -> None:
    if any(slo.metric == "goodput" for slo in slos) and not limits:
        raise Unusable("--slo goodput: say what is good, as with --good 'ttft < 800ms'")
    if not options.asking.no_stream:
        return
    streamed = set(STREAMED) - set(WHOLE)
    asked = {slo.metric for slo in slos} | {limit.metric for limit in limits}
    asked.add(options.files.hgrm_of or "e2el")
    if asked & streamed:
        name = min(asked & streamed)
        raise Unusable(f"--no-stream: without a stream there is no {name}; there is e2el")


def _parameters(
    options: Options, trace: Trace | None, load: tuple[Planned, ...]
) -> list[tuple[str, str]]:
    traffic, asking = options.traffic, options.asking
    counted = sum(planned.counted for planned in load)
    bursts = f", cv {traffic.cv:g}" if traffic.arrivals == "gamma" else ""
    arrived = f"{traffic.arrivals}, {_rate(traffic):g} requests/s{bursts}"
    if trace is not None:
        arrived = f"{trace.kind} trace {traffic.trace}, {traffic.speed:g} times as fast"
    return [
        ("target", shown_url(options.url)),
        ("model", asking.model),
        ("answers", "whole" if asking.no_stream else "streamed"),
        ("arrivals", arrived),
        ("requests", f"{counted} counted, {len(load) - counted} of warm-up ({traffic.warm_up})"),
        ("prompt", f"{_average(p.input_tokens for p in load)} tokens on average, asked for"),
        ("answer", f"{_average(p.output_tokens for p in load)} tokens on average, at most"),
        ("given up after", asking.timeout),
        ("seed", str(traffic.seed)),
    ]


def _average(tokens: Any) -> str:
    known = list(tokens)
    return f"{math.fsum(known) / len(known):.4g}"


def _notes(trace: Trace | None) -> tuple[str, ...]:
    if trace is None or not trace.broken:
        return ()
    return (f"{len(trace.broken)} broken rows of the trace were left out, as {trace.broken[0]}",)


def _positive(option: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise Unusable(f"{option} must be more than 0")
    return value


def _read(option: str, reader: Callable[[Any], _Value], given: Any) -> _Value:
    try:
        return reader(given)
    except (ValueError, OSError) as error:
        raise Unusable(f"{option}: {error}") from error
