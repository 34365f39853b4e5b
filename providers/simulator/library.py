"""Which recording answers a request. Pure.

1. The one that is named: by the header `x-replay`, the query's `replay`, or a model `replay/NAME`.
2. One for the same method, operation and model in the path (`places`) with the same body (`asking`).
3. One for the same method and operation with the same gist, of several the one most like the request.

Of those that are equal, one with the very same path, and then the first by name. A path may begin with the
name of a provider, and then only that one's recordings count, and those whose own path begins like that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Self
from urllib.parse import unquote

import attrs

from providers.simulator.asking import Asked, asked, asked_json
from providers.simulator.places import Place, place
from providers.simulator.recordings import Corpus, Recording
from providers.simulator.requests import Request

NAMED = "replay/"
"""What a model's name begins with that is the name of a recording."""

_NEAREST = 3
_COMPARED = 200


class NotRecorded(Exception):
    """No recording answers this. The message says what there is instead."""


@attrs.frozen
class Question:
    """A request as it is looked up. `provider` is empty where the path does not begin with one's name."""

    path: str
    asked: Asked
    provider: str = ""
    name: str = ""

    @property
    def place(self) -> Place:
        """Where it goes."""
        return self.asked.place


@attrs.frozen
class _Entry:
    recording: Recording
    asked: Asked


@attrs.frozen
class Library:
    """The exchanges of a corpus, to be asked for again."""

    corpus: Corpus
    _providers: frozenset[str]
    _entries: Mapping[tuple[str, str], Sequence[_Entry]]

    @classmethod
    def of(cls, corpus: Corpus) -> Self:
        """All exchanges of which it is known what was asked; the others have nothing but their names."""
        entries: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
        for recording in corpus.exchanges.values():
            if recording.path:
                entry = _entry(recording)
                entries[entry.asked.place.method, entry.asked.place.operation].append(entry)
        return cls(corpus, frozenset(corpus.providers), dict(entries))

    def question(self, request: Request) -> Question:
        """What a request asks for."""
        first, _, rest = request.path.removeprefix("/").partition("/")
        provider = first if first in self._providers else ""
        path = f"/{rest}" if provider else request.path
        told = asked(place(request.method.decode(), path, request.query), request.body)
        named = request.header(b"x-replay") or request.argument("replay")
        models = (told.place.model, told.gist.model)
        named = named or next((one for one in models if one.startswith(NAMED)), "")
        return Question(request.path, told, provider, named.removeprefix(NAMED))

    def find(self, question: Question) -> Recording:
        """The recording that answers.

        Raises:
            NotRecorded: there is none.
        """
        if question.name:
            return self._named(question.name)
        entries = self._candidates(question)
        same = [entry for entry in entries if _is_same(entry, question.asked)]
        like = same or [entry for entry in entries if entry.asked.gist == question.asked.gist]
        if not like:
            raise NotRecorded(_nothing(question, entries))
        return max(like, key=lambda entry: _rank(entry, question)).recording

    def models(self, provider: str) -> Sequence[str]:
        """The models of its recordings (of all, if it is empty), and the names that pick one each."""
        entries = [entry for entries in self._entries.values() for entry in entries]
        mine = [entry for entry in entries if provider in ("", entry.recording.provider)]
        names = [
            name
            for name in self.corpus.exchanges
            if name.startswith(f"{provider}/") or not provider
        ]
        models = sorted({entry.asked.gist.model for entry in mine} - {""})
        return [*models, *(NAMED + name for name in names)]

    def _named(self, name: str) -> Recording:
        recording = self.corpus.exchanges.get(name)
        if recording is None:
            near = get_close_matches(name, self.corpus.exchanges, _NEAREST, 0.5)
            raise NotRecorded(f"There is no recording {name[:200]!r}; {_list('nearest', near)}")
        return recording

    def _candidates(self, question: Question) -> list[_Entry]:
        entries = self._entries.get((question.place.method, question.place.operation), ())
        own = f"/{question.provider}/"
        return [
            entry
            for entry in entries
            if question.provider in ("", entry.recording.provider)
            or entry.recording.path.startswith(own)
        ]


def _entry(recording: Recording) -> _Entry:
    path, _, query = recording.path.partition("?")
    where, body = place(recording.method, path, query), recording.asked
    if body is None or isinstance(body, str):
        return _Entry(recording, asked(where, (body or "").encode()))
    return _Entry(recording, asked_json(where, body))


def _is_same(entry: _Entry, question: Asked) -> bool:
    return entry.asked.place == question.place and entry.asked.exact == question.exact


def _rank(entry: _Entry, question: Question) -> tuple[int, bool]:
    """How well it answers; of equal ones `max` takes the first."""
    path = unquote(entry.recording.path.partition("?")[0])
    likeness = question.asked.likeness(entry.asked)
    return likeness, unquote(question.path) in (path, f"/{question.provider}{path}")


def _nothing(question: Question, entries: Sequence[_Entry]) -> str:
    where = f"{question.place.method} {question.place.operation}"
    by = f" by {question.provider}" if question.provider else ""
    mine = question.asked.gist
    nearest = sorted(
        entries,
        key=lambda entry: (
            len(mine.differences(entry.asked.gist)),
            -_alike(mine.text, entry.asked.gist.text),
        ),
    )
    told = [
        f"{entry.recording.name} (other {', '.join(mine.differences(entry.asked.gist))})"
        for entry in nearest[:_NEAREST]
    ]
    return f"None of {len(entries)} recordings of {where}{by} answers; {_list('nearest', told)}"


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:_COMPARED], other[:_COMPARED]).quick_ratio()


def _list(word: str, items: Iterable[str]) -> str:
    return f"{word}: {', '.join(items) or 'none'}"
