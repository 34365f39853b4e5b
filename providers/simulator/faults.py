"""What can be made to go wrong with a call, and the script by which it does.

A `Fault` is one call's misfortune. A `FaultScript` says which call has which: a sequence that is used up
call by call, and chances for the calls beyond it. How a fault looks on the wire is not decided here.
"""

import random
from collections import deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs

from providers.simulator.dialect import Problem, ProblemKind

FaultKind: TypeAlias = Literal[
    "ok",
    "rate_limited",
    "rate_limited_retry_after",
    "rate_limited_retry_info",
    "quota_exhausted",
    "bad_request",
    "model_missing",
    "unauthorized",
    "invalid_key",
    "server_error",
    "unavailable",
    "overloaded",
    "refuse",
    "silence",
    "reset_mid_body",
    "error_frame",
    "role_then_stall",
    "stall",
    "cut",
    "malformed_sse",
    "truncated_json",
    "slow_drip",
    "empty_done",
]

Chances: TypeAlias = Mapping["Fault", float] | Mapping[FaultKind, float]
"""Probabilities of faults, each by itself or by its name; they should not add up to more than 1."""

_PROBLEMS: Mapping[FaultKind, ProblemKind] = MappingProxyType(
    {
        "rate_limited": "rate_limited",
        "rate_limited_retry_after": "rate_limited",
        "rate_limited_retry_info": "rate_limited",
        "quota_exhausted": "quota_exhausted",
        "bad_request": "bad_request",
        "model_missing": "no_such_model",
        "unauthorized": "unauthorized",
        "invalid_key": "invalid_key",
        "server_error": "server_error",
        "unavailable": "unavailable",
        "overloaded": "overloaded",
    }
)

_USUAL_WORDS: Mapping[FaultKind, int] = MappingProxyType(
    {"reset_mid_body": 3, "stall": 3, "cut": 3, "truncated_json": 3}
)


@attrs.frozen
class Fault:
    """One misfortune. Times are real seconds, whatever the key's scale.

    - `ok`: none; lets a script say "then a good answer"
    - `rate_limited`, `quota_exhausted`: 429 without advice; `rate_limited_retry_after`: with the header;
      `rate_limited_retry_info`: with Google's details, where the dialect has them
    - `bad_request` 400, `model_missing` 404, `unauthorized` 401, `server_error` 500, `unavailable` 503,
      `overloaded` 529; `invalid_key` is 401, but with Gemini 400, as there
    - `refuse`: the connection is reset before any byte of an answer
    - `silence`: no byte until the client leaves
    - `reset_mid_body`: status 200, a part of the body, then a reset
    - `error_frame`: status 200, then an error as an event, or as the body where there is no stream
    - `role_then_stall`: status 200 and what precedes the first word, then silence; `stall`: some words first
    - `cut`: the body ends, cleanly as HTTP goes, without finish reason and end marker; a body that is no
      stream is shorter than announced
    - `malformed_sse`: an event that is no JSON amid good ones; a body that is no JSON
    - `truncated_json`: the last event, or the body, stops in the middle of its JSON
    - `slow_drip`: a good answer byte by byte, `pace` seconds apart
    - `empty_done`: the end of an answer without an answer

    `after` delays an error status or a `refuse`, `retry_after` is the advice a 429 gives. `words` is how
    many words a stream has sent when it goes wrong (one always stays unsent).
    """

    kind: FaultKind
    after: float = 0.0
    retry_after: float = 1.0
    words: int | None = None
    pace: float = 0.01

    @property
    def problem(self) -> Problem | None:
        """The error answer that this fault is, if it is one."""
        kind = _PROBLEMS.get(self.kind)
        if kind is None:
            return None
        if self.kind in ("rate_limited_retry_after", "rate_limited_retry_info"):
            details = self.kind == "rate_limited_retry_info"
            return Problem(kind, retry_after=self.retry_after, details=details)
        return Problem(kind)

    def words_sent(self, total: int) -> int:
        """How many of an answer's words are sent before it goes wrong."""
        words = _USUAL_WORDS.get(self.kind, 0) if self.words is None else self.words
        return max(0, min(words, total - 1))


def as_fault(fault: Fault | FaultKind) -> Fault:
    """A fault from its name, or the fault itself."""
    return fault if isinstance(fault, Fault) else Fault(fault)


@attrs.define(eq=False)
class FaultScript:
    """Which calls go wrong, and how: first the sequence, then by chance."""

    _sequence: deque[Fault] = attrs.field(factory=deque)
    _repeat: bool = False
    _chances: tuple[tuple[Fault, float], ...] = ()

    @classmethod
    def of(
        cls,
        sequence: Iterable[Fault | FaultKind] = (),
        *,
        repeat: bool = False,
        chances: Chances | None = None,
    ) -> "FaultScript":
        """A script: a fault a call, again and again with `repeat`; `chances` are probabilities."""
        pairs = tuple((as_fault(fault), chance) for fault, chance in (chances or {}).items())
        return cls(deque(map(as_fault, sequence)), repeat, pairs)

    def next(self, rng: random.Random) -> Fault | None:
        """The next call's fault, None for a good answer."""
        fault = self._from_sequence() if self._sequence else self._by_chance(rng)
        return None if fault is None or fault.kind == "ok" else fault

    def _from_sequence(self) -> Fault:
        fault = self._sequence.popleft()
        if self._repeat:
            self._sequence.append(fault)
        return fault

    def _by_chance(self, rng: random.Random) -> Fault | None:
        if not self._chances:
            return None
        drawn = rng.random()
        for fault, chance in self._chances:
            drawn -= chance
            if drawn < 0:
                return fault
        return None
