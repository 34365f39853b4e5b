"""What became of one request, in the field's terms. All times are seconds."""

import math
from array import array

import attrs

from benchmarks.load.schedule import Planned


@attrs.frozen
class Outcome:
    """A request that is over.

    `late` is how long after it was due the generator began with it: the generator's own fault, and part of
    all latencies. `ttft` is from when it was due to the first token (of content, reasoning or a tool call),
    None where none came or nothing was streamed. `e2el` is from then to the end of the answer, or until it
    was given up. `itl` are the times between one event with tokens and the next. `error` is the kind of
    failure, `message` what the server said of it.
    """

    index: int
    planned: Planned
    late: float
    ttft: float | None
    e2el: float
    itl: "array[float]" = attrs.field(repr=False)
    status: int
    error: str | None
    message: str | None
    input_tokens: int | None
    """As the server counted; None where it did not say."""
    output_tokens: int
    """As the server counted, or else the events with tokens."""
    usage: bool
    """Whether the server said how many tokens."""
    request_id: str | None = None
    hedged: str | None = None

    @property
    def answered(self) -> bool:
        """Whether there was an answer, to its end."""
        return self.error is None

    @property
    def tpot(self) -> float | None:
        """Time per output token after the first: (last token - first token) / (output tokens - 1)."""
        if self.ttft is None or self.output_tokens < 2 or not self.itl:
            return None
        return math.fsum(self.itl) / (self.output_tokens - 1)

    @property
    def waited_out(self) -> bool:
        """Whether it was given up: it would have taken at least as long as it did."""
        return self.error == TIMEOUT


TIMEOUT = "timeout"
