"""How one simulated key behaves: its latency, its limits, its models, its misfortunes. Frozen values."""

import random
import zlib

import attrs

from providers.simulator import latency
from providers.simulator.faults import Chances, Fault, FaultKind
from providers.simulator.prose import LONGEST

STALL_SECONDS = (5.0, 60.0)
"""How long a stall is, evenly drawn between these, before `scale` is applied."""


@attrs.frozen
class RateLimit:
    """So many calls a second on average, `burst` of them at once; what is beyond gets a 429."""

    per_second: float
    burst: int = 1


@attrs.frozen
class KeyPlan:
    """What to expect of a key. Times are seconds, and all of them are multiplied by `scale`.

    - `profile`, `median`: the latency model's shape and its M (0.6 small models, 1.0, 1.6 large ones)
    - `request_sigma`: spread of the factor that all attempts of one request share (0.2 is realistic)
    - `prompt_term`: whether longer prompts take longer
    - `slow`: shared slow periods, by the clock, not scaled
    - `stall`, `hang`: the chance that a stream pauses once for long, or never goes on
    - `words`, `words_sigma`, `most_words`: length of answers nobody limits, lognormal
    - `faults`, `repeat`, `chances`: the fault script, see `FaultScript`
    - `rate`: None is no limit
    - `models`: what the key may use; None allows any name, and lists the dialect's usual ones
    """

    profile: latency.Profile = latency.TYPICAL
    median: float = 0.6
    scale: float = 1.0
    request_sigma: float = 0.0
    prompt_term: bool = False
    slow: latency.SlowPeriod | None = None
    stall: float = 0.0
    hang: float = 0.0
    words: float = 200.0
    words_sigma: float = 1.0
    most_words: int = attrs.field(
        default=2000, validator=attrs.validators.in_(range(1, LONGEST + 1))
    )
    faults: tuple[Fault | FaultKind, ...] = ()
    repeat: bool = False
    chances: Chances = attrs.Factory(dict)
    rate: RateLimit | None = None
    models: tuple[str, ...] | None = None

    def first_token(
        self, rng: random.Random, now: float, prompt_tokens: int, prompt: bytes
    ) -> float:
        """Seconds to the first token of an answer to this prompt."""
        shared = self.slow.at(now) if self.slow else 1.0
        if self.request_sigma:
            shared *= latency.request_factor(zlib.crc32(prompt), self.request_sigma)
        if self.prompt_term:
            shared *= latency.prompt_factor(prompt_tokens)
        return self.scale * latency.first_token(self.profile, rng, self.median, shared)

    def gaps(self, rng: random.Random, words: int) -> list[float]:
        """Seconds between the words of an answer: one fewer than there are words."""
        if self.profile.instant:
            return [0.0] * (words - 1)
        gaps = [self.scale * gap for gap in latency.gaps(self.profile, rng, words - 1)]
        if gaps and self.stall and rng.random() < self.stall:
            gaps[rng.randrange(len(gaps))] += self.scale * rng.uniform(*STALL_SECONDS)
        return gaps

    def hangs(self, rng: random.Random) -> bool:
        """Whether this stream stops for ever somewhere."""
        return self.hang > 0 and rng.random() < self.hang

    def length(self, rng: random.Random, most: int | None) -> tuple[int, bool]:
        """Words of an answer limited to `most`, and whether the limit cut it."""
        words = latency.answer_length(rng, self.words, self.words_sigma, self.most_words)
        if most is not None and words > most:
            return most, True
        return words, False
