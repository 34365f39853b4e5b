"""Every recorded chat that was answered, whoever answered it: read by its provider's dialect."""

from collections.abc import Sequence
from functools import cached_property

import attrs

from providers.anthropic import Anthropic
from providers.base import Dialect
from providers.gemini import Gemini
from providers.openai import OpenAI
from providers.types import ChatCall, Event, Usage, UsageSeen
from tests.providers.corpus import SHARED, Exchange, load
from tests.providers.outcome import Outcome, outcome_of
from tests.providers.test_corpus_openai import GOOD


@attrs.define(slots=False)
class Answered:
    """A recorded answer and the events that it is made of."""

    dialect: Dialect
    exchange: Exchange

    def __str__(self) -> str:
        return self.exchange.name

    @cached_property
    def events(self) -> Sequence[Event]:
        """As the dialect reads them."""
        native = self.exchange.streamed
        call = ChatCall("m", (), {}, stream=native, folded=True)
        decoder = self.dialect.decoder(call)
        return [*decoder.feed(self.exchange.response_body), *decoder.finish()]

    @cached_property
    def outcome(self) -> Outcome:
        """All that they say."""
        return outcome_of(self.events)

    @cached_property
    def usage(self) -> Usage:
        """The last that was said of it."""
        seen = [event.usage for event in self.events if isinstance(event, UsageSeen)]
        return seen[-1] if seen else Usage()


def _of(dialect: Dialect, provider: str, features: str) -> list[Answered]:
    exchanges = load(SHARED, provider, features)
    return [Answered(dialect, one) for one in exchanges if one.status == 200]


_all = [
    *(Answered(OpenAI(), one) for one in GOOD),
    *_of(Anthropic(), "anthropic", "messages*"),
    *_of(Gemini(), "gemini", "generate*"),
    *_of(Gemini(), "vertex", "generate*"),
]

ANSWERED = [one for one in _all if one.outcome.error is None and one.outcome.ended]
"""Those that were answered to their end; broken ones have their own tests."""
