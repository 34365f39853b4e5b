"""Guesses at what somebody meant."""

import pytest

from gateway.suggest import did_you_mean


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("prot", 'did you mean "port"?'),
        ("PORT", 'did you mean "port"?'),
        ("openAI", 'did you mean "OpenAI"?'),
        ("zebra", None),
        ("", None),
    ],
)
def test_the_nearest_choice_is_suggested_if_any_is_near(word: str, hint: str | None):
    """Case is ignored, and the choice is shown as it is written."""
    assert did_you_mean(word, ["host", "port", "OpenAI"]) == hint


def test_without_choices_there_is_no_guess():
    """An empty vocabulary is no failure."""
    assert did_you_mean("port", []) is None
