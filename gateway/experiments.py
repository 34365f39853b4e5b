"""How an experiment begins: its candidate, what counts as late, and the record that starts it.

By a command, beside a running gateway, or by the configuration file: `[experiments.NAME]`.
"""

import math
import re
from collections.abc import Sequence
from pathlib import Path

import attrs
import trio

from gateway.catalog import allowed
from gateway.config import Config, ExperimentConfig
from gateway.config_errors import ConfigError, ConfigErrors, Mistake
from gateway.learned_file import read_learned
from gateway.log import log
from gateway.trials import encoded
from policies.learned import Learned
from policies.settings import Policy
from state.experiment_records import ExperimentStarted
from state.records import (
    RequestEnded,
)
from state.search import latest_requests
from state.store import Store

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LATEST = 20_000
"""How many requests what counts as late is taken from."""

ENOUGH = 200
"""As few of them must there be."""

SLOW = 0.95
"""The quantile of whole durations beyond which a request is slow."""


@attrs.frozen
class Late:
    """Milliseconds to a first token, and to the end, beyond which a request counts as late, or slow."""

    threshold: float
    slow: float


def candidate_of(config: Config, policy: str, models: Sequence[str]) -> Policy:
    """The policy that is meant: a tuner's file on top of the models' own policy, or one by name.

    Raises:
        ConfigErrors: there is none of this name, or its file is not right.
    """
    if not policy.endswith(".toml"):
        if policy not in config.policies:
            hint = f"known here: {', '.join(config.policies)}, or a file that ends in .toml"
            raise _wrong("--policy", f'there is no policy "{policy}"', hint)
        return config.policies[policy]
    own = next((m.policy for m in config.models if allowed(m.name, models)), "default")
    base = config.policies[own]
    hedge = attrs.evolve(base.hedge, policy="learned", learned=learned_of(Path(policy)))
    return attrs.evolve(base, name=Path(policy).stem, hedge=hedge)


def learned_of(path: Path) -> Learned:
    """The tuner's file that was named on a command line.

    Raises:
        ConfigErrors: it is not right.
    """
    try:
        return read_learned(path, str(path))
    except Mistake as mistake:
        raise _wrong("--policy", str(mistake)) from None
    except ExceptionGroup as group:
        errors = [ConfigError("--policy", str(each), None) for each in group.exceptions]
        raise ConfigErrors(errors) from None


def baseline(folder: Path, models: Sequence[str], threshold: float | None) -> Late:
    """What counts as late: the p99 of the latest requests for these models, or what was given, in seconds.

    Raises:
        ConfigErrors: there are too few requests to know.
    """
    known = [record for record in latest_requests(folder, LATEST) if _counts(record, models)]
    if threshold is None and len(known) < ENOUGH:
        why = f"{len(known)} requests for these models are too few to know what is late"
        raise _wrong("--threshold", why, 'say it yourself, like --threshold "2s"')
    slow = (
        _quantile([record.duration_ms for record in known], SLOW) if len(known) >= ENOUGH else 1e9
    )
    if threshold is not None:
        return Late(threshold * 1000.0, slow)
    return Late(_quantile([record.ttft_ms or 0.0 for record in known], 0.99), slow)


def started(
    draft: ExperimentConfig, candidate: Policy, late: Late, predicted: float | None = None
) -> ExperimentStarted:
    """The record that starts it. `predicted` is the p99 that was promised, in seconds.

    Raises:
        ConfigErrors: the name or a share is none.
    """
    if not NAME.fullmatch(draft.name):
        raise _wrong("experiment", f'"{draft.name[:80]}" is no name', "letters, digits, . _ and -")
    if not 0.0 < draft.share < 1.0 or draft.share + draft.control >= 1.0:
        raise _wrong("--share", "leaves nothing for the other side", "like --share 50%")
    promised = None if predicted is None else (predicted * 1000.0,) * 3
    return ExperimentStarted(
        experiment=draft.name,
        models=draft.models,
        candidate=encoded(candidate),
        policy=candidate.name,
        share=draft.share,
        control=draft.control,
        unit=draft.by,
        threshold_ms=late.threshold,
        slow_ms=late.slow,
        predicted_ms=promised,
    )


async def begin_configured(config: Config, store: Store) -> None:
    """Starts the experiments of the configuration file that never ran; for one of several processes.

    One that cannot start yet, for want of requests, does so at a later start; that is logged.
    """
    for wanted in config.experiments:
        if wanted.name in store.indexes.experiments.names:
            continue
        try:
            late = await trio.to_thread.run_sync(
                baseline, config.state.folder, wanted.models, wanted.threshold
            )
            record = started(wanted, config.policies[wanted.policy], late)
        except ConfigErrors as problem:
            log.warning("experiment_not_started", experiment=wanted.name, error=str(problem))
            continue
        await store.commit(record)
        log.info("experiment_started", experiment=wanted.name)


def _counts(record: RequestEnded, models: Sequence[str]) -> bool:
    live = record.environment == "live" and record.operation == "chat"
    return live and record.ttft_ms is not None and allowed(record.model, models)


def _quantile(values: list[float], p: float) -> float:
    return sorted(values)[max(0, math.ceil(p * len(values)) - 1)]


def _wrong(where: str, what: str, hint: str | None = None) -> ConfigErrors:
    return ConfigErrors([ConfigError(where, what, hint)])
