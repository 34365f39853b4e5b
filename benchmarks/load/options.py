"""The options of the command line, and the command line that they are.

Each group is a frozen value; what `words` makes of one reads back as the same, but for secrets, which are
not in it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import attrs
from cyclopts import Parameter

from benchmarks.load.arrivals import Law
from benchmarks.load.target import shown_header

_FLAG: Any = {"negative": (), "show_default": False}


@Parameter(name="*")
@attrs.frozen
class TrafficOptions:
    """When, how often and how long."""

    arrivals: Annotated[
        Law, Parameter(help="Gaps between requests: all alike, memoryless, or in bursts.")
    ] = "poisson"
    rate: Annotated[float | None, Parameter(help="Requests a second on average; 1 if unsaid.")] = (
        None
    )
    cv: Annotated[
        float, Parameter(help="Gamma's standard deviation over its mean; more than 1 is bursts.")
    ] = 2.0
    trace: Annotated[
        Path | None,
        Parameter(
            help="Recorded arrivals and lengths: BurstGPT, Azure, llm-bench-data, --jsonl's."
        ),
    ] = None
    speed: Annotated[float, Parameter(help="How many times as fast a trace is replayed.")] = 1.0
    skip_broken_rows: Annotated[
        bool, Parameter(help="Leave a trace's broken rows out, and count them.", **_FLAG)
    ] = False
    duration: Annotated[
        str | None, Parameter(help="How long requests are due, without warm-up; 30s if unsaid.")
    ] = None
    requests: Annotated[
        int | None, Parameter(name=("--requests", "-n"), help="Or how many that count.")
    ] = None
    warm_up: Annotated[str, Parameter(help="Time before that; its requests do not count.")] = "0s"
    input_tokens: Annotated[
        str, Parameter(help="Of prompts: 120, 100-200, lognormal:MEDIAN:SIGMA or a trace.")
    ] = "100"
    output_tokens: Annotated[str, Parameter(help="Of answers, at most: the same.")] = "50"
    seed: Annotated[int, Parameter(help="Makes arrivals, lengths and prompts repeatable.")] = 1


@Parameter(name="*")
@attrs.frozen
class AskingOptions:
    """What is asked for, and as whom."""

    model: Annotated[str, Parameter(name=("--model", "-m"), help="Its name at the server.")]
    key_env: Annotated[
        str | None, Parameter(help="The environment variable that has the API key.")
    ] = None
    key_stdin: Annotated[bool, Parameter(help="Read the API key from standard input.", **_FLAG)] = (
        False
    )
    header: Annotated[
        tuple[str, ...],
        Parameter(
            help="NAME:VALUE or NAME:env:VARIABLE, sent with each request; repeatable.", **_FLAG
        ),
    ] = ()
    no_stream: Annotated[bool, Parameter(help="Whole answers: no TTFT, ITL and TPOT.", **_FLAG)] = (
        False
    )
    limit_as: Annotated[
        Literal["max_tokens", "max_completion_tokens"],
        Parameter(help="What the server calls the most tokens of an answer."),
    ] = "max_tokens"
    body: Annotated[
        str | None,
        Parameter(help="A JSON object of further members for each request; null takes one away."),
    ] = None
    timeout: Annotated[str, Parameter(help="From when a request is due until it is given up.")] = (
        "120s"
    )


@Parameter(name="*")
@attrs.frozen
class JudgedOptions:
    """What is demanded."""

    slo: Annotated[
        tuple[str, ...],
        Parameter(
            help="As 'ttft p95 < 800ms', of ttft, itl, tpot, e2el, errors or goodput; repeatable.",
            **_FLAG,
        ),
    ] = ()
    good: Annotated[
        tuple[str, ...],
        Parameter(
            help="What a good request keeps, as 'ttft < 800ms'; repeatable. Else what --slo says.",
            **_FLAG,
        ),
    ] = ()


@Parameter(name="*")
@attrs.frozen
class FileOptions:
    """Where results go."""

    jsonl: Annotated[Path | None, Parameter(help="A JSON object for each request.")] = None
    hgrm: Annotated[Path | None, Parameter(help="HdrHistogram's percentile distribution.")] = None
    hgrm_of: Annotated[
        Literal["ttft", "itl", "tpot", "e2el"] | None,
        Parameter(help="Of what; ttft if unsaid, e2el of whole answers."),
    ] = None
    html: Annotated[Path | None, Parameter(help="A report in one file, readable offline.")] = None
    json: Annotated[bool, Parameter(help="Print JSON.", **_FLAG)] = False


@attrs.frozen
class Options:
    """All of a command line."""

    url: str
    traffic: TrafficOptions
    asking: AskingOptions
    judged: JudgedOptions
    files: FileOptions


def words(group: Any) -> Iterator[str]:
    """The words of a command line that give this group: what is as it is anyway is left out."""
    for field in attrs.fields(type(group)):
        value = getattr(group, field.name)
        if value == field.default:
            continue
        name = f"--{field.name.replace('_', '-')}"
        if field.name == "header":
            value = [shown_header(text) for text in value]
        yield from _said(name, value)


def _said(name: str, value: Any) -> Iterator[str]:
    if value is True:
        yield name
        return
    values: Sequence[Any] = value if isinstance(value, tuple | list) else (value,)
    for each in values:
        yield from (name, f"{each:g}" if isinstance(each, float) else str(each))
