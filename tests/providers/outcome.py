"""What an answer came to, and the laws that every answer's events obey."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from gateway.whole import merge
from providers.base import Decoder
from providers.errors import ProviderError
from providers.types import (
    JSON,
    Ended,
    Event,
    Extra,
    Failed,
    Finished,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
    Vectors,
)
from tests.providers.corpus import events_of, splits


@attrs.define
class Outcome:
    """An answer's texts and finishes by choice, its last usage, and how it ended."""

    content: dict[int, str] = attrs.field(factory=lambda: defaultdict(str))
    reasoning: dict[int, str] = attrs.field(factory=lambda: defaultdict(str))
    refusal: dict[int, str] = attrs.field(factory=lambda: defaultdict(str))
    calls: dict[tuple[int, int], list[str]] = attrs.field(factory=dict)
    kept: dict[tuple[int, int], JSON] = attrs.field(factory=dict)
    members: dict[str, Any] = attrs.field(factory=dict)
    finishes: dict[int, str] = attrs.field(factory=dict)
    usage: Usage | None = None
    vectors: tuple[tuple[float, ...], ...] | None = None
    started: Started | None = None
    error: ProviderError | None = None

    @property
    def ended(self) -> bool:
        return self.error is None


def outcome_of(events: Iterable[Event]) -> Outcome:
    """Folds events, and checks that they are in the order that `providers.types` promises."""
    seen = [*events]
    assert isinstance(seen[-1], Ended | Failed), seen
    assert not any(isinstance(event, Ended | Failed) for event in seen[:-1])
    outcome = Outcome()
    for at, event in enumerate(seen):
        _add(outcome, event, first=at == 0)
    return outcome


def _add(outcome: Outcome, event: Event, *, first: bool) -> None:  # noqa: C901 - a case an event
    match event:
        case Started():
            assert first, "an answer starts once, and first"
            outcome.started = event
        case TextDelta():
            assert event.text
            assert outcome.started
            getattr(outcome, event.kind)[event.choice] += event.text
        case ToolDelta():
            _add_call(outcome, event)
        case Extra(place="message"):
            merge(outcome.members, event.members)
        case Finished():
            assert event.choice not in outcome.finishes, "a choice finishes once"
            outcome.finishes[event.choice] = event.reason
        case UsageSeen():
            outcome.usage = event.usage
        case Vectors():
            outcome.vectors = event.items
        case Failed():
            outcome.error = event.error


def _add_call(outcome: Outcome, event: ToolDelta) -> None:
    place = (event.choice, event.index)
    if event.name is not None:
        assert place not in outcome.calls, "a call begins once"
        assert event.index == sum(choice == event.choice for choice, _ in outcome.calls)
        outcome.calls[place] = [event.id or "", event.name, ""]
    outcome.calls[place][2] += event.text
    if event.extra:
        outcome.kept[place] = event.extra


def comparable(events: Iterable[Event]) -> list[Any]:
    """The events, with errors replaced by what can be compared."""
    return [_told(event.error) if isinstance(event, Failed) else event for event in events]


def _told(error: ProviderError) -> tuple[Any, ...]:
    return type(error), error.message, error.status, error.retry_after, error.code, error.param


def assert_splits_do_not_matter(
    new_decoder: Callable[[], Decoder], data: bytes, *, most: int = 60
) -> None:
    """Feeds the bytes one by one, cut in two, and in random pieces: the events are the same."""
    whole = comparable(events_of(new_decoder(), [data]))
    for pieces in splits(data, random.Random(len(data)), most if len(data) > 800 else 800):
        assert comparable(events_of(new_decoder(), pieces)) == whole


def assert_truncation_shows(new_decoder: Callable[[], Decoder], blocks: Sequence[bytes]) -> None:
    """Drops blocks from the end, and cuts within the block before: it is never an `Ended`."""
    for kept in range(len(blocks)):
        for cut in (b"", blocks[kept][: len(blocks[kept]) // 2], blocks[kept][:7]):
            events = events_of(new_decoder(), [*blocks[:kept], cut])
            assert isinstance(events[-1], Failed), (kept, cut)
