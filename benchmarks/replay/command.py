"""`hedgerow replay`: recorded traffic run again under another policy, by the real race, in virtual time."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import attrs
import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks.replay.again import (
    Outcome,
    Run,
    Tape,
    again,
    holds,
    outcome,
    pack,
    policy_of,
    same,
    tapes,
    unpack,
)
from benchmarks.tuner.advice import between, percent
from benchmarks.tuner.reading import LOSERS
from benchmarks.tuner.search import Estimate
from gateway.cli.project import Json
from gateway.cli.serve import ConfigFile, load
from gateway.config_errors import ConfigError, ConfigErrors
from gateway.experiments import learned_of
from policies.settings import Policy
from state.scan import latest, segment_files

LOGGED = "logged"
NOTHING, UNTRUSTED = 4, 3


@attrs.frozen
class Replayed:
    """One policy in force, run again: by what factor the log's own policy came out, and what another does."""

    route: str
    policy: str
    requests: int
    own: dict[str, Estimate]
    objections: tuple[str, ...]
    other: Outcome


def command(
    *logs: Annotated[Path, Parameter(help="State folders, log folders or segments.")],
    policy: Annotated[
        str, Parameter(help='A tuner\'s file, a policy of the configuration, "off" or "logged".')
    ] = LOGGED,
    requests: Annotated[
        int, Parameter(help="How many, the latest.", validator=Number(gte=200))
    ] = 20_000,
    replicates: Annotated[int, Parameter(help="How often.", validator=Number(gte=1))] = 2,
    seed: int = 1,
    json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Run recorded traffic again under another policy; exit code 3 if the log's own does not come out."""
    places = logs or (load(config).state.folder,)
    records, policies = latest(segment_files(places), requests)
    found = tapes(records, policies)
    if not found:
        print("hedgerow: no request in this log can be run again", file=sys.stderr)
        return NOTHING
    tape = found[0]
    other = _policy(policy, tape, config)
    done = _replay(tape, other, replicates, seed)
    if json:
        print(msgspec.json.encode(done).decode())
    else:
        _print(done, policy, len(found))
    return UNTRUSTED if done.objections else 0


def _policy(name: str, tape: Tape, config: Path | None) -> Policy:
    """The policy that is meant.

    Raises:
        ConfigErrors: there is none of this name, or its file is not right.
    """
    logged = policy_of(tape.policy)
    if name == LOGGED:
        return logged
    if name == "off":
        return attrs.evolve(logged, name="off", hedge=attrs.evolve(logged.hedge, policy="off"))
    if name.endswith(".toml"):
        hedge = attrs.evolve(logged.hedge, policy="learned", learned=learned_of(Path(name)))
        return attrs.evolve(logged, name=Path(name).stem, hedge=hedge)
    known = load(config).policies
    if name not in known:
        hint = f"known here: {', '.join([*known, 'off', LOGGED])}, or a file that ends in .toml"
        raise ConfigErrors([ConfigError("--policy", f'there is no policy "{name}"', hint)])
    return known[name]


def _replay(tape: Tape, policy: Policy, replicates: int, seed: int) -> Replayed:
    logged = attrs.evolve(policy_of(tape.policy), name="logged")
    packed = pack(tape)
    tasks = [(packed, logged, seed, True)]
    tasks += [(packed, policy, seed + n, False) for n in range(replicates)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        own, *others = pool.map(_again, tasks)
    off = same(tape, own, seed)
    return Replayed(
        route=tape.policy.route,
        policy=tape.policy.policy,
        requests=len(tape.records),
        own=off,
        objections=tuple(_objections(tape, off)),
        other=outcome(others, seed),
    )


def _again(task: tuple[tuple[bytes, bytes], Policy, int, bool]) -> Run:
    packed, policy, seed, exploring = task
    return again(unpack(packed), policy, seed, exploring=exploring)


def _objections(tape: Tape, off: dict[str, Estimate]) -> list[str]:
    lost = tape.recording.left_out.get(LOSERS, 0)
    found = [f"{lost:,} hedged requests are recorded without their losers"] if lost else []
    for name, factor in off.items():
        if not holds(name, factor):
            found.append(
                f"{name} is off by {factor.value:.3f} ({factor.low:.3f} to {factor.high:.3f})"
            )
    return found


def _print(done: Replayed, name: str, tapes_found: int) -> None:
    print(f"{done.requests:,} requests of {done.route}, recorded under the policy {done.policy}")
    if tapes_found > 1:
        print(f"({tapes_found - 1} more of policies and routes with fewer requests are left out)")
    print()
    for check, off in done.own.items():
        mark, unit = (
            "✓" if holds(check, off) else "✗",
            "calls a request" if check == "hedges" else "times",
        )
        print(
            f"{mark} the log's own policy: {check:<6} {off.value:.3f} {unit} ({off.low:.3f} to {off.high:.3f})"
        )
    print()
    if done.objections:
        print(f"Not trusted: {'; '.join(done.objections)}.")
        return
    other = done.other
    print(f"Under {name}:")
    for label, value in (("p50", other.p50), ("p95", other.p95), ("p99", other.p99)):
        print(f"  {label}  {between(value)}")
    print(f"  +{percent(other.extra.value)} calls, {percent(other.failed, 2)} of requests failed")
