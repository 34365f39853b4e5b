"""The sentences of test mode."""

import random

import pytest

from policies.phrases import PHRASES, compose, language


@pytest.mark.parametrize(
    "text",
    [
        "Merhaba, nasılsın?",
        "Kısa bir hikaye yaz",
        "Python'da liste nasıl oluşturulur?",
        "MERHABA!",
        "Bana bir fikir ver",
        "Sen yardımcı bir asistansın.",
    ],
)
def test_turkish_is_recognised(text):
    """By its letters or by its commonest words."""
    assert language(text) == "tr"


@pytest.mark.parametrize(
    "text", ["Hello there", "Grüße aus Köln", "Ça va très bien", "", "こんにちは", "مرحبا"]
)
def test_what_is_not_turkish_is_answered_in_english(text):
    """German and French share letters with Turkish, but not these."""
    assert language(text) == "en"


@pytest.mark.parametrize("spoken", ["tr", "en"])
def test_an_answer_has_three_to_eight_sentences_and_takes_up_the_question(spoken):
    """It looks like an answer, and says that it is a test."""
    for seed in range(30):
        text = compose("How are you? 🙂", spoken, random.Random(seed))
        assert "“How are you? 🙂”" in text
        assert text.endswith(PHRASES[spoken].close)
        assert 100 < len(text) < 900
        assert "test" in text


def test_a_long_question_is_quoted_in_part_and_an_empty_one_not_at_all():
    """The quote stays short, on one line, and whole characters."""
    text = compose("word\n" * 5000, "en", random.Random(1))
    assert text.startswith("You wrote “word word")
    assert "word…”" in text
    assert len(text) < 900
    assert "“" not in compose("  ", "en", random.Random(1))


def test_half_a_surrogate_pair_does_not_reach_the_answer():
    """JSON can carry it, UTF-8 cannot."""
    compose("broken \ud83d here", "en", random.Random(1)).encode()
