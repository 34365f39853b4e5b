"""What a command line comes to, and what is wrong with one."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.load.plan import Plan, Unusable, plan
from benchmarks.load.summary import Limit
from providers.types import Secret
from tests.benchmarks.load.made import URL, options

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def planned(url: str = URL, key: Secret | None = None, **changed: Any) -> Plan:
    return plan(options(url, **changed), {"MY_KEY": "sk-in-environment"}, key)


def test_half_a_minute_once_a_second_is_the_default() -> None:
    """Little enough not to hurt at a provider that charges for it."""
    made = planned()

    assert 15 < len(made.load) < 50
    assert made.load[-1].due < 30
    assert made.command == (
        "hedgerow bench load http://127.0.0.1:1/v1 --model gpt-4o-mini --seed 1"
    )


def test_a_trace_is_replayed_with_its_own_times_and_lengths() -> None:
    """To its end, faster if asked; what it does not know is drawn."""
    made = planned(trace=SAMPLES / "burstgpt.csv", speed=2.0, output_tokens="77")

    assert [(p.due, p.input_tokens, p.output_tokens) for p in made.load] == [
        (0.0, 310, 45),
        (0.75, 1200, 77),
        (0.75, 12, 250),
        (3.5, 80, 31),
    ]
    assert ("arrivals", f"BurstGPT trace {SAMPLES / 'burstgpt.csv'}, 2 times as fast") in (
        made.parameters
    )
    assert "--speed 4" in made.faster


def test_broken_rows_that_were_left_out_are_told() -> None:
    """With the first of them."""
    made = planned(trace=SAMPLES / "azure-broken.csv", skip_broken_rows=True)

    assert len(made.load) == 2
    assert made.notes[0].startswith("4 broken rows of the trace were left out")
    assert "line 3" in made.notes[0]


def test_the_command_line_says_how_to_go_on() -> None:
    """The same, at twice the rate, and at half."""
    made = planned(rate=10.0, seed=4, requests=5)

    assert made.command.endswith("--model gpt-4o-mini --rate 10 --requests 5 --seed 4")
    assert "--rate 20 " in made.faster
    assert "--rate 5 " in made.slower


def test_what_is_good_follows_from_the_objectives_unless_it_is_said() -> None:
    """Those of latency."""
    assert planned(slo=("ttft p95 < 1s", "errors < 1%")).limits == (Limit("ttft", 1.0),)
    assert planned(slo=("ttft p95 < 1s",), good=("e2el < 3s",)).limits == (Limit("e2el", 3.0),)


def test_the_key_comes_from_the_environment_or_from_standard_input() -> None:
    """It is sent, and in nothing that is printed, even if somebody has put it elsewhere too."""
    made = planned(key_env="MY_KEY", body='{"user": "sk-in-environment"}')

    assert ("authorization", "Bearer sk-in-environment") in made.target.fields()
    assert "sk-in" not in repr(made).replace(repr(made.asking), "")
    assert "***" in made.command
    asked = planned(key=Secret("from-stdin")).target
    assert ("authorization", "Bearer from-stdin") in asked.fields()
    assert "authorization" not in dict(planned().target.fields())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"url": "nowhere"}, "URL: expected a URL"),
        ({"rate": 0.0}, "--rate must be more than 0"),
        ({"rate": float("nan")}, "--rate must be more than 0"),
        ({"cv": -1.0, "arrivals": "gamma"}, "--cv must be more"),
        ({"rate": 1e9}, "more than 5,000,000 requests"),
        ({"requests": 0}, "--requests must be at least 1"),
        ({"duration": "soon"}, "--duration: expected a duration"),
        ({"duration": "1ms"}, "no request that counts is due"),
        ({"warm_up": "-1"}, "--warm-up: expected"),
        ({"timeout": "x"}, "--timeout: expected"),
        ({"input_tokens": "0"}, "--input-tokens: 0 is no range"),
        ({"output_tokens": "absent.csv"}, "--output-tokens: expected tokens"),
        ({"trace": Path("absent.csv")}, "--trace: .*No such file"),
        ({"trace": SAMPLES / "azure-broken.csv"}, "--trace: .*azure-broken.csv, line 3"),
        ({"trace": SAMPLES / "azure.csv", "rate": 3.0}, "--rate: a trace has its own"),
        ({"trace": SAMPLES / "azure.csv", "speed": 0.0}, "--speed must be more"),
        ({"key_env": "NO_KEY"}, "--key-env: there is no variable NO_KEY"),
        ({"header": ("nonsense",)}, "--header: expected a header"),
        ({"body": "[]"}, "--body: expected a JSON object"),
        ({"body": "{"}, "--body: expected a JSON object"),
        ({"slo": ("tfft p95 < 1s",)}, "--slo: .* did you mean ttft"),
        ({"slo": ("goodput > 1/s",)}, "--slo goodput: say what is good"),
        ({"good": ("itl < 1s",)}, "--good: .* no limit"),
        ({"no_stream": True, "slo": ("ttft p95 < 1s",)}, "there is no ttft"),
        ({"no_stream": True, "hgrm_of": "itl"}, "there is no itl"),
        ({"html": Path("absent/report.html")}, "--html: .* cannot be written"),
        ({"jsonl": Path()}, "--jsonl: .* cannot be written"),
    ],
)
def test_what_means_nothing_is_said_before_anything_is_sent(
    changed: dict[str, Any], says: str
) -> None:
    """Which option, and what about it."""
    with pytest.raises(Unusable, match=says):
        planned(**changed)


def test_a_table_of_lengths_is_no_trace(tmp_path: Path) -> None:
    """It has no times."""
    file = tmp_path / "lengths.csv"
    file.write_text("input_tokens,output_tokens\n5,6\n")

    with pytest.raises(Unusable, match="has no times"):
        planned(trace=file)
    made = planned(input_tokens=str(file), output_tokens=str(file), requests=3)
    assert [(p.input_tokens, p.output_tokens) for p in made.load] == [(5, 6)] * 3
