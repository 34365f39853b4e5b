"""Lengths as they are typed."""

import random
from pathlib import Path
from statistics import median

import pytest

from benchmarks.load.lengths import read_lengths

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def drawn(text: str, n: int = 2000) -> list[int]:
    rng = random.Random(3)
    law = read_lengths(text, "output")
    return [law.draw(rng, rng.random()) for _ in range(n)]


def test_a_number_is_itself_and_a_range_has_both_ends() -> None:
    """Evenly drawn."""
    assert set(drawn("120")) == {120}
    assert set(drawn("3-6")) == {3, 4, 5, 6}


def test_lognormal_lengths_have_their_median_and_are_never_none() -> None:
    """At least one token, however wide it is."""
    assert median(drawn("lognormal:200:1.0")) == pytest.approx(200, rel=0.1)
    assert min(drawn("lognormal:1:3")) == 1


def test_a_file_gives_its_own_lengths_for_prompt_and_answer_together() -> None:
    """What belongs together in the file is drawn together; an unknown length is a typical one."""
    file = str(SAMPLES / "plain.csv")
    prompts, answers = read_lengths(file, "input"), read_lengths(file, "output")
    rng = random.Random(1)
    places = [rng.random() for _ in range(50)]

    pairs = {(prompts.draw(rng, place), answers.draw(rng, place)) for place in places}

    assert pairs == {(10, 100), (20, 200), (30, 300)}
    assert set(drawn(str(SAMPLES / "burstgpt.csv"))) == {45, 250, 31}
    assert set(drawn(str(SAMPLES / "probes.jsonl"))) == {16, 20}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0", "no range"),
        ("9-3", "no range"),
        ("lognormal:0:1", "median is 1"),
        ("lognormal:5:99", "sigma"),
        ("lognormal:5", "expected tokens"),
        ("many", "expected tokens .* found 'many'"),
        ("-5", "expected tokens"),
    ],
)
def test_what_is_no_length_says_what_one_looks_like(text: str, says: str) -> None:
    """With what was found."""
    with pytest.raises(ValueError, match=says):
        read_lengths(text, "input")


def test_a_file_without_lengths_is_told() -> None:
    """Probes know nothing of their prompts."""
    with pytest.raises(ValueError, match="no input tokens"):
        read_lengths(str(SAMPLES / "probes.jsonl"), "input")
