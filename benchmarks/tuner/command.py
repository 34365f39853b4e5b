"""`hedgerow tune`: from recorded traffic to a policy, or to the reasons why there is none to recommend."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import attrs
import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import Progress

from benchmarks.tuner.advice import between, facts, percent, recommendation, rule_words
from benchmarks.tuner.analysis import Answer, Objective, Question, analyse
from benchmarks.tuner.kinds import Kind, kinds
from benchmarks.tuner.plan_command import plan
from benchmarks.tuner.policy_file import Found, policy_file
from benchmarks.tuner.reading import Recording, read
from gateway.cli.project import Json
from gateway.cli.serve import ConfigFile, load
from gateway.quantities import parse_share

Share = Annotated[float, Parameter(converter=lambda _type, tokens: parse_share(tokens[0].value))]
Log = Annotated[
    Path,
    Parameter(help="State folders, log folders or segments; default: the configured state."),
]

app = App(name="tune")
app.command(plan)

NOTHING, UNTRUSTED = 4, 3
"""Exit codes: there is nothing to tune from; nothing can be recommended."""


@app.default
def tune(  # noqa: PLR0913 - options of a command
    *logs: Log,
    budget: Annotated[Share, Parameter(help='Extra calls that are allowed, like "5%".')] = 0.05,
    objective: Annotated[Objective, Parameter(help="What shall be short.")] = "p99-ttft",
    out: Annotated[Path | None, Parameter(help="Write the policy here.")] = None,
    resamples: Annotated[int, Parameter(help="How often the bootstrap draws.")] = 400,
    seed: Annotated[int, Parameter(help="Of the bootstrap.")] = 1,
    json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Say what hedging would do, from recorded traffic; exit code 3 if nothing can be recommended."""
    places = logs or (load(config).state.folder,)
    question = Question(objective=objective, budget=budget, resamples=resamples, seed=seed)
    with _bar() as bar:
        recording = read(places, lambda done, of: bar("reading", done, of))
        found = list(_answers(recording, question, bar))
    if not found:
        print(f"hedgerow: {_nothing(recording)}", file=sys.stderr)
        return NOTHING
    if out is not None:
        out.write_text(policy_file(found, list(_provenance(recording, places, question))))
    if json:
        print(msgspec.json.encode(_plain(found, recording), enc_hook=float).decode())
    else:
        _print(found, recording, question, out)
    return 0 if any(each.answer.chosen is not None for each in found) else UNTRUSTED


def _answers(recording: Recording, question: Question, bar: Any) -> Iterator[Found]:
    all_kinds: list[Kind] = list(kinds(recording))
    for done, kind in enumerate(all_kinds):
        bar("tuning", done, len(all_kinds))
        yield Found(kind.model, kind.size, analyse(kind.recording, question))
    bar("tuning", len(all_kinds), len(all_kinds))


@contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar on standard error, if a person sits there."""
    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as shown:
        tasks: dict[str, Any] = {}

        def bar(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=of)
            shown.update(tasks[what], completed=done)

        yield bar


def _nothing(recording: Recording) -> str:
    left = ", ".join(f"{count:,} {why}" for why, count in recording.left_out.items())
    return f"there is nothing to tune from: {len(recording):,} requests are fit for it" + (
        f" ({left} are not)" if left else ""
    )


def _print(
    found: Sequence[Found], recording: Recording, question: Question, out: Path | None
) -> None:
    for each in found:
        answer, size = each.answer, "" if each.size is None else f", prompts of {each.size}"
        print(f"{each.model}{size}")
        print()
        print(f"  {recommendation(answer, question)}")
        print()
        for line in _table(answer, question):
            print(f"  {line}")
        print()
        for line in facts(answer):
            print(f"  {line}")
        print()
    if recording.left_out:
        left = ", ".join(f"{count:,} {why}" for why, count in recording.left_out.items())
        print(f"Left out: {left}")
    if out is not None:
        print(f"Written: {out}")
        print(f"Next: {_next(found, out)}")


def _next(found: Sequence[Found], out: Path) -> str:
    """The command that tries the policy; with what was promised, where that is one number."""
    promised = [each.answer.chosen for each in found if each.answer.chosen is not None]
    told = ""
    if len(promised) == 1 and not promised[0].rule.never:
        told = f" --predicted-p99 {promised[0].goal.value:.3g}s"
    return f"hedgerow experiment start NAME --model MODEL --policy {out}{told}"


def _table(answer: Answer, question: Question) -> Iterator[str]:
    name = f"p{100 * question.k:g} TTFT"
    money = f"  {'$/1,000':>8}" if answer.cost else ""
    yield f"{'budget':>7}  {'requests':>9}{money}  {'wins':>5}  {name:<36}  policy"
    for each in answer.points:
        extra, wins = f"+{percent(each.load.value)}", percent(each.wins, 0)
        budget = percent(0.0 if each.rule.never else each.rule.budget)
        goal = between(each.goal)
        dollars = 1000.0 * answer.cost * each.load.value
        paid = f"  {dollars:>+8.3g}" if answer.cost else ""
        yield f"{budget:>7}  {extra:>9}{paid}  {wins:>5}  {goal:<36}  {rule_words(each.rule)}"


def _provenance(recording: Recording, places: Sequence[Path], question: Question) -> Iterator[str]:
    """Where a policy comes from; the hash is of all that was learnt from."""
    digest = sha256(recording.numbers.tobytes()).hexdigest()
    yield f"written by hedgerow {version('hedgerow')} tune from {len(recording):,} requests"
    yield f"log: {', '.join(str(place) for place in places)} (sha256 of what was learnt from: {digest[:16]})"
    yield f"objective {question.objective}, budget {percent(question.budget)}, seed {question.seed}"
    yield f'load it with policy = "learned" and budget = {question.budget:g}'


def _plain(found: Sequence[Found], recording: Recording) -> Any:
    return {
        "requests": len(recording),
        "left_out": recording.left_out,
        "kinds": [
            {
                "model": each.model,
                "size": each.size,
                **attrs.asdict(each.answer),
            }
            for each in found
        ],
    }
