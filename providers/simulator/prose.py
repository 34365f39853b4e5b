"""What simulated models say: runs of words from one fixed book, a word a token.

The book mixes scripts on purpose (Turkish, Hebrew, Arabic, Chinese, emoji of several code points, words
that JSON must escape), so that whoever splits UTF-8 in the wrong place is found out. It is the same in
every process, which lets a test ask whether an answer is one uncut passage of one model's speech.
"""

import itertools
import json
import random

import attrs

_VOCABULARY = """
hedge grow branch root leaf berry thorn gate path field stone wall moss rain cloud river bridge lantern
winter spring morning evening quiet narrow patient early second between beside beneath across and the a of
race answer token wait first winner Merhaba dünya nasılsın İstanbul ığdır şöyle çiğ güneş yağmur öykü
gölge kuş ağaç bahçe yardımcı çalışkan שלום עולם גדר مرحبا العالم سياج 你好 生垣 café naïve Straße Ωmega
🦔 🌳 👩\u200d🚀 🇹🇷 👋🏽 "quoted" back\\slash 5<6 &amp; e\u0301tude
"""

LONGEST = 4096
"""Words of the longest passage."""


def _book() -> list[str]:
    words, order = _VOCABULARY.split(), random.Random(20_261_122)
    return [order.choice(words) for _ in range(LONGEST)]


def _escaped(word: str) -> bytes:
    return b" " + json.dumps(word, ensure_ascii=False)[1:-1].encode()


# The book stands here twice in a row: a passage may start anywhere and run over the end.
_PIECES = [_escaped(word) for word in _book()] * 2
_WHOLE = b"".join(_PIECES)
_OFFSETS = [0, *itertools.accumulate(map(len, _PIECES))]


@attrs.frozen
class Passage:
    """`words` words of the book from its word `start` on."""

    start: int
    words: int

    @property
    def escaped(self) -> bytes:
        """The text as it stands between the quotes of a JSON string."""
        return _WHOLE[_OFFSETS[self.start] + 1 : _OFFSETS[self.start + self.words]]

    @property
    def pieces(self) -> list[bytes]:
        """The same a token at a time: joined, they are `escaped`."""
        pieces = _PIECES[self.start : self.start + self.words]
        pieces[0] = pieces[0][1:]
        return pieces

    @property
    def text(self) -> str:
        """The text itself."""
        return str(json.loads(b'"' + self.escaped + b'"'))


def any_passage(rng: random.Random, words: int) -> Passage:
    """A passage of that many words (1 to `LONGEST`), from anywhere."""
    return Passage(rng.randrange(LONGEST), words)


def is_passage(text: str) -> bool:
    """Whether the text is one uncut run of the book: nothing missing, nothing spliced in."""
    return bool(text) and json.dumps(text, ensure_ascii=False)[1:-1].encode() in _WHOLE
