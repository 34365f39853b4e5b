"""Guesses at what somebody meant to write: the nearest of the words that would have been right."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """`did you mean "port"?`, or None where no choice is near. Upper and lower case are one."""
    by_folded = {choice.casefold(): choice for choice in choices}
    nearest = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f'did you mean "{by_folded[nearest[0]]}"?' if nearest else None
