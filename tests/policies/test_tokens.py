"""Tokens without anybody's tokenizer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.tokens import count, count_prompt, split
from providers.conversation import Message


@settings(deadline=None, derandomize=True)
@given(st.text())
def test_the_pieces_are_the_text(text):
    """Nothing is lost, nothing is empty, and counting agrees."""
    pieces = split(text)
    assert "".join(pieces) == text
    assert all(pieces)
    assert count(text) == len(pieces)


@settings(deadline=None, derandomize=True)
@given(st.text(alphabet="abcğüşöçıİ \n.,", max_size=200))
def test_a_piece_is_at_most_four_characters_after_white_space(text):
    """Which makes words of usual length two tokens."""
    assert all(len(piece.strip()) <= 4 for piece in split(text))


@pytest.mark.parametrize(
    "whole",
    [
        "👨‍👩‍👧‍👦",
        "🏴‍☠️",
        "👍🏽",
        "🇹🇷",
        "1️⃣",
        "e\u0301",
        "s\u0327",
        "ك\u0651\u064e",
        "नि",
        "क\u094d\u200dष",
    ],
)
def test_what_a_reader_sees_as_one_character_stays_in_one_piece(whole):
    """At any place of a piece, in any neighbourhood."""
    for before in ("", "a", "ab", "abc", "abcd", " "):
        assert any(whole in piece for piece in split(f"{before}{whole}bcdef"))


def test_known_texts_have_known_counts():
    """The numbers in the documentation's examples must not drift unnoticed."""
    assert split("Merhaba, nasılsın?") == ("Merh", "aba,", " nası", "lsın", "?")
    assert count("") == 0
    assert count("   ") == 1


def test_a_long_text_is_counted_by_its_beginning():
    """Close enough, and quick however long it is."""
    text = "a few plain words, and again. " * 20_000
    assert count(text) == pytest.approx(len(split(text)), rel=0.001)


def test_a_prompt_counts_its_frames():
    """Three for the answer's beginning, four for each message."""
    messages = [Message("system", "abcd"), Message("user", "abcd efgh")]
    assert count_prompt(messages) == 3 + (4 + 1) + (4 + 2)


def test_a_long_run_of_symbols_is_not_one_token_for_ever():
    """A piece is bounded, or ten thousand emoji would count as one."""
    assert count("👍" * 10_000) > 100
