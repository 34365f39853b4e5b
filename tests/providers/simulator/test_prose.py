"""The book that simulated models speak from."""

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from providers.simulator.prose import LONGEST, Passage, any_passage, is_passage

starts = st.integers(0, LONGEST - 1)
lengths = st.integers(1, LONGEST)


@given(start=starts, words=lengths)
def test_pieces_make_up_the_passage(start: int, words: int):
    """A piece a word; joined they are the text, as JSON has it."""
    passage = Passage(start, words)
    assert len(passage.pieces) == words
    assert b"".join(passage.pieces) == passage.escaped
    assert json.loads(b'"' + passage.escaped + b'"') == passage.text
    assert len(passage.text.split(" ")) == words


@given(start=starts, words=st.integers(1, 60))
def test_every_piece_is_a_whole_json_string(start: int, words: int):
    """No piece splits a character or an escape."""
    pieces = [json.loads(b'"' + piece + b'"') for piece in Passage(start, words).pieces]
    assert "".join(pieces) == Passage(start, words).text


def test_many_scripts_are_spoken():
    """Turkish, right-to-left, Chinese and emoji of several code points all occur, and so do escapes."""
    text = Passage(0, LONGEST).text
    for word in ("ığdır", "שלום", "مرحبا", "你好", "👩\u200d🚀", '"quoted"', "back\\slash"):
        assert word in text


def test_a_passage_is_recognised_and_a_splice_is_not():
    """One run of the book is one; two glued together are not, nor is nothing."""
    rng = random.Random(1)
    one, two = any_passage(rng, 20).text, any_passage(rng, 20).text
    assert is_passage(one)
    assert not is_passage(f"{one} {two}")
    assert not is_passage("")
