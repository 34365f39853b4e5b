"""The command line: one program, a file a family of verbs.

Results go to standard output, progress and errors to standard error. Exit codes: 0 ok, 1 failed, 2 usage or
configuration, 3 a threshold was missed. Verbs are imported when used, so that `--help` stays quick.
"""

import gc
import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App

COLLECT = (50_000, 20, 50)
"""When garbage is looked for. Imports make a hundred thousand objects that all stay, and a server little
that is cyclic: with Python's usual 700 a tenth of the start-up is spent looking at them."""

app = App(
    name="hedgerow",
    help="A self-hosted, OpenAI-compatible gateway that pools provider keys and races them.",
    version=version("hedgerow"),
    version_flags=["--version"],
)

app.command("gateway.cli.serve:serve", name="serve", help="Run the gateway.")
app.command(
    "gateway.cli.sim:sim",
    name="sim",
    help="Run fake providers that speak the real wire formats.",
)
app.command(
    "gateway.cli.check:check",
    name="check",
    help="Check the configuration; exit code 2 with every error at once if it is not valid.",
)

project = App(
    name="project", help="Projects and their keys; works offline and beside a running gateway."
)
for verb, function, text in (
    ("create", "create", "Create a project and print its keys, once."),
    ("list", "list_projects", "List the projects, their models, keys and use."),
    ("rotate", "rotate", "Replace a project's keys; the old ones stop working."),
    ("revoke", "revoke", "Revoke a project: its keys stop working at once."),
):
    project.command(f"gateway.cli.project:{function}", name=verb, help=text)
app.command(project)

keys = App(name="keys", help="The pooled provider keys.")
keys.command(
    "benchmarks.probe.command:probe",
    name="probe",
    help="Measure which keys slow down together or share a quota; says first what it may cost.",
)
app.command(keys)

race = App(name="race", help="What happened in a request's race; reads the journal.")
race.command(
    "gateway.cli.race:show",
    name="show",
    help="Show one request's attempts over time, who was chosen and why, and what it cost.",
)
race.command(
    "gateway.cli.race:list_races",
    name="list",
    help="List the latest requests, newest first.",
)
app.command(race)

state = App(name="state", help="The journal: what all requests, projects and keys are known from.")
state.command(
    "gateway.cli.state:verify",
    name="verify",
    help="Read every line of every log; exit code 1 with file, line and byte if one is damaged.",
)
app.command(state)

app.command(
    "benchmarks.export.command:app",
    name="export",
    help="Write the journal as CSV, Parquet, HdrHistogram percentiles or OpenTelemetry traces.",
)
app.command(
    "benchmarks.tuner.command:app",
    name="tune",
    help="Say what hedging would do, from recorded traffic, and write the policy to do it.",
)
app.command(
    "benchmarks.replay.command:command",
    name="replay",
    help="Run recorded traffic again under another policy, in virtual time.",
)

app.command(
    "benchmarks.figures.command:command",
    name="plot",
    help="Draw what recorded traffic tells, as PNG, SVG and on one page.",
)

experiment = App(
    name="experiment",
    help="Two policies beside each other on live traffic; beside a running gateway.",
)
for verb, text in (
    ("start", "Divide live requests between their policy and a candidate."),
    ("status", "What the experiments have come to so far."),
    ("stop", "End an experiment without a verdict."),
    ("apply", "Make an experiment's candidate the policy of its models; --revert takes it back."),
):
    experiment.command(f"gateway.cli.experiment:{verb}", name=verb, help=text)
app.command(experiment)

bench = App(name="bench", help="Measurements, run against the real program.")
bench.command(
    "benchmarks.hedging:command",
    name="hedging",
    help="Compare hedging on and off in one run; exit code 3 if p99 does not halve at 6 % extra calls.",
)
bench.command(
    "benchmarks.tail.command:command",
    name="tail",
    help="Race policies of hedging through scenarios in virtual time; exit code 3 if a demand is missed.",
)
bench.command(
    "benchmarks.decision:command",
    name="decision",
    help="Measure what deciding costs; exit code 3 over 25 microseconds.",
)
bench.command(
    "benchmarks.decoding:command",
    name="decoding",
    help="Measure what an event of a translated stream costs; exit code 3 over 15 microseconds.",
)
bench.command(
    "benchmarks.overhead.command:command",
    name="overhead",
    help="Measure what the gateway adds to a call; exit code 3 if a bar is missed.",
)
bench.command(
    "benchmarks.peers.command:command",
    name="peers",
    help="Measure other gateways beside this one; exit code 3 if a bar is missed.",
)
bench.command(
    "benchmarks.gate.command:command",
    name="gate",
    help="Count a request's instructions with valgrind; exit code 3 if they have grown by a quarter.",
)
bench.command(
    "benchmarks.scale.command:command",
    name="scale",
    help="Measure CPU a request from few to many projects, keys and connections; exit code 3 if not flat.",
)
bench.command(
    "benchmarks.journal.command:command",
    name="journal",
    help="Measure a start behind a long journal; exit code 3 if it takes over 2 seconds.",
)
bench.command(
    "benchmarks.soak.command:command",
    name="soak",
    help="Load the gateway for half an hour; exit code 3 if its memory grows or calls fail.",
)
bench.command(
    "benchmarks.tuner.bench:command",
    name="tuner",
    help="Ask the tuner about worlds whose truth is known; exit code 3 if it is wrong.",
)
bench.command(
    "benchmarks.load.command:command",
    name="load",
    help="Send open-loop load to any OpenAI-compatible URL; exit code 3 if an --slo is missed.",
)
app.command(bench)


def main(words: Sequence[str] | None = None) -> None:
    """The entry point of the `hedgerow` command. `words` are the process's own if not given.

    Always ends with SystemExit, or with the exception that a bug has raised.
    """
    gc.set_threshold(*COLLECT)
    from gateway.cli.failures import told  # noqa: PLC0415 - keeps --help quick

    with told():
        result = app(
            sys.argv[1:] if words is None else words, exit_on_error=False, print_error=True
        )
        sys.exit(result if isinstance(result, int) else 0)
