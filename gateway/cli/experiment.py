"""`hedgerow experiment …`: two policies beside each other on live traffic, until it is known which is better.

Works on the journal itself: a running gateway takes part within a second, and needs no restart.
"""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from gateway.cli.project import Json, State, stored
from gateway.cli.serve import ConfigFile, load
from gateway.config import ExperimentConfig
from gateway.config_errors import ConfigError, ConfigErrors
from gateway.experiment_words import report
from gateway.experiments import baseline, candidate_of, started
from gateway.quantities import parse_duration, parse_share
from gateway.watch import Watched
from policies.sides import Unit
from state import look
from state.experiment_records import ExperimentStopped, PolicyApplied
from state.experiments import Experiments

Share = Annotated[float, Parameter(converter=lambda _type, tokens: parse_share(tokens[0].value))]
Time = Annotated[float, Parameter(converter=lambda _type, tokens: parse_duration(tokens[0].value))]


def start(  # noqa: PLR0913 - options of a command line
    name: str,
    /,
    *,
    policy: Annotated[str, Parameter(help="A tuner's file, or a policy of the configuration.")],
    model: Annotated[list[str], Parameter(help="A model or glob; repeatable.")],
    share: Annotated[Share, Parameter(help="How many requests the candidate gets.")] = 0.5,
    control: Annotated[Share, Parameter(help="How many are never hedged.")] = 0.0,
    by: Annotated[Unit, Parameter(help="What a side is drawn for.")] = "request",
    threshold: Annotated[
        Time | None, Parameter(help="A late first token; default: the p99 of the latest requests.")
    ] = None,
    predicted_p99: Annotated[Time | None, Parameter(help="What the tuner promised.")] = None,
    json: Json = False,
    config: ConfigFile = None,
    state: State = None,
) -> None:
    """Divide live requests between their policy and a candidate until it is known which is better."""
    loaded = load(config, state=state)
    draft = ExperimentConfig(name, tuple(model), policy, share, control, by, threshold)
    candidate = candidate_of(loaded, policy, draft.models)
    late = baseline(loaded.state.folder, draft.models, threshold)
    record = started(draft, candidate, late, predicted_p99)
    with stored(config, state) as store:
        if (
            store.indexes.experiments.stopped(name) is None
            and name in store.indexes.experiments.names
        ):
            raise _mistake(name, "runs already", f"hedgerow experiment stop {name}")
        store.commit_now(record)
    if json:
        print(msgspec.json.encode(record).decode())
        return
    print(f"Experiment {name} runs on {', '.join(draft.models)}: {100 * share:g} % of requests are")
    print(f"under {candidate.name}. Late is a first token after {late.threshold:.0f} ms.")
    print(f"Next: hedgerow experiment status {name}")


def status(
    name: str | None = None,
    /,
    *,
    json: Json = False,
    config: ConfigFile = None,
    state: State = None,
) -> None:
    """What the experiments have come to so far; reads the journal."""
    folder = load(config, state=state).state.folder
    told = look(folder).indexes.experiments
    names = told.names if name is None else (_known(told, name),)
    reports = [report(told, each, _heard(told, each, folder)) for each in names]
    if json:
        print(msgspec.json.encode(reports).decode())
        return
    if not reports:
        print("There is no experiment yet.")
    for each in reports:
        print("\n".join(each.lines()))


def stop(
    name: str, /, *, json: Json = False, config: ConfigFile = None, state: State = None
) -> None:
    """End an experiment without a verdict: all requests have their own policy again."""
    with stored(config, state) as store:
        told = store.indexes.experiments
        if told.stopped(_known(told, name)) is not None:
            raise _mistake(name, "does not run", f"hedgerow experiment status {name}")
        store.commit_now(ExperimentStopped(name, "by hand"))
    print(_json(name, "stopped") if json else f"Experiment {name} is stopped.")


def apply(
    name: str,
    /,
    *,
    revert: Annotated[bool, Parameter(help="Take it back.", negative=())] = False,
    json: Json = False,
    config: ConfigFile = None,
    state: State = None,
) -> None:
    """Make an experiment's candidate the policy of its models; it holds over restarts."""
    with stored(config, state) as store:
        told = store.indexes.experiments
        begun = told.started(_known(told, name))
        assert begun is not None, "it is known"
        ended = told.stopped(name)
        records = [] if ended is not None else [ExperimentStopped(name, "applied")]
        text = "" if revert else begun.candidate
        store.commit_now(*records, PolicyApplied(begun.models, text, name))
    what = "reverted" if revert else "applied"
    models = ", ".join(begun.models)
    words = (
        f"{models} has its configured policy" if revert else f"{models} has the policy of {name}"
    )
    print(_json(name, what) if json else f"{words} from now on.")


def _heard(told: Experiments, name: str, folder: Path) -> Watched:
    begun = told.started(name)
    assert begun is not None, "it is known"
    watched = Watched.of(begun, folder)
    watched.hear(watched.source.poll())
    return watched


def _known(told: Experiments, name: str) -> str:
    if name not in told.names:
        known = ", ".join(told.names) or "none yet"
        raise _mistake(name, "is not known", f"there are: {known}")
    return name


def _mistake(name: str, what: str, hint: str) -> ConfigErrors:
    return ConfigErrors([ConfigError("experiment", f'"{name}" {what}', hint)])


def _json(name: str, what: str) -> str:
    return msgspec.json.encode({"experiment": name, what: True}).decode()
