"""One JSON object for each request, a line each. All times are seconds; null is what is not known.

- `index`: its place in the schedule, from 0; `due`: when it was due, after the start
- `counted`: false in the warm-up
- `late`: how long after that the generator began with it; part of `ttft` and `e2el`
- `status`: HTTP's; 0 if there was no answer. `error`: the kind of failure, null for an answer;
  `message`: what the server said of it
- `ttft`, `e2el`: from when it was due to the first token, and to the end; `tpot`: time per output token
  after the first; `itl`: times between one event with tokens and the next
- `asked_input`, `asked_output`: tokens as planned; `input_tokens`, `output_tokens`: as the server counted;
  `usage`: false where it did not and events stand for tokens
- `request_id`, `hedged`: headers of the answer, `x-request-id` and `x-hedgerow-hedged`

The file is a trace as well: `--trace` sends the same again at the same times.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from benchmarks.load.outcome import Outcome
from benchmarks.load.summary import Run

DIGITS = 6
"""After the point: microseconds."""


def jsonl(run: Run) -> Iterator[bytes]:
    """The lines, in the order in which requests were due."""
    for outcome in run.outcomes:
        yield msgspec.json.encode(record(outcome)) + b"\n"


def record(outcome: Outcome) -> dict[str, Any]:
    """What is said of one request."""
    planned = outcome.planned
    return {
        "index": outcome.index,
        "due": round(planned.due, DIGITS),
        "counted": planned.counted,
        "late": round(outcome.late, DIGITS),
        "status": outcome.status,
        "error": outcome.error,
        "message": outcome.message,
        "ttft": _rounded(outcome.ttft),
        "e2el": _rounded(outcome.e2el),
        "tpot": _rounded(outcome.tpot),
        "itl": [round(gap, DIGITS) for gap in outcome.itl],
        "asked_input": planned.input_tokens,
        "asked_output": planned.output_tokens,
        "input_tokens": outcome.input_tokens,
        "output_tokens": outcome.output_tokens,
        "usage": outcome.usage,
        "request_id": outcome.request_id,
        "hedged": outcome.hedged,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, DIGITS)
