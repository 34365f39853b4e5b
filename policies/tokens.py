"""Tokens without anybody's tokenizer: good for estimates and for test mode, not for bills.

A token is up to four characters of a word with the white space before it, which is about what the
real tokenizers make of Latin text. A character here is what a reader sees: marks, joiners and what
follows a joiner stay with their letter, so an emoji of seven code points is never taken apart.
"""

import re
from collections.abc import Iterable

from providers.conversation import Message

PER_MESSAGE = 4  # its role and its frame
PER_PROMPT = 3  # what invites the answer
COUNTED = 20_000  # characters: a megabyte would hold up everybody else for a tenth of a second

# Beyond ASCII, what is neither letter nor digit nor space belongs to what stands before it.
_CHARACTER = r"\S(?:[^\w\s\x00-\x7f]|(?<=\u200d)\w){0,12}"
_TOKEN = re.compile(rf"\s*(?:{_CHARACTER}){{1,4}}|\s+")


def split(text: str) -> tuple[str, ...]:
    """The text in tokens; joined, they are the text again."""
    return tuple(_TOKEN.findall(text))


def count(text: str) -> int:
    """How many tokens the text has; of a long one, about: as many as its beginning lets expect."""
    found = sum(1 for _ in _TOKEN.finditer(text[:COUNTED]))
    return found if len(text) <= COUNTED else round(found * len(text) / COUNTED)


def count_prompt(messages: Iterable[Message]) -> int:
    """How many tokens a conversation has as a prompt."""
    return PER_PROMPT + sum(PER_MESSAGE + count(message.text) for message in messages)
