"""A long journal, as a gateway under load would have written it over days."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

from state import Options, Store
from state.records import AttemptEnded, Candidate, RequestEnded

_START = 1_795_380_000_000
_EVERY = 200
"""Milliseconds between two requests: ten million are 23 days."""
_KEYS = 8
_BATCH = 10_000


def write(state: Path, records: int, projects: int) -> float:
    """Write so many records into a new state. Returns microseconds of CPU a record, in posting alone."""
    spent = 0.0
    with Store.open(state, "serve", Options(sync_interval=1.0)) as store:
        for start in range(0, records, _BATCH):
            batch = list(_requests(start, min(start + _BATCH, records), projects))
            before = time.process_time()
            for request in batch:
                store.post(request)
            spent += time.process_time() - before
    return spent / max(records, 1) * 1e6


def name(project: int) -> str:
    """What the n-th project is called."""
    return f"project-{project}"


def _requests(first: int, last: int, projects: int) -> Iterator[RequestEnded]:
    rng = random.Random(first)
    for n in range(first, last):
        yield _request(n, rng.randrange(projects), f"key-{rng.randrange(_KEYS)}", rng)


def _request(n: int, project: int, key: str, rng: random.Random) -> RequestEnded:
    attempt = _attempt(key, rng.lognormvariate(6.0, 0.5), rng)
    request, first, end = f"req_{n:026d}", attempt.first_ms, attempt.end_ms
    return RequestEnded(
        *(
            request,
            name(project),
            "live",
            "chat",
            "fast",
            200,
            True,
            "default",
            "no",
            key,
            first,
            end,
            25,
            42,
        ),
        nano_usd=rng.randrange(10**6),
        hedge_delay_ms=950.5,
        attempts=(attempt,),
        policy_id="abcdef012345",
        coin=rng.random(),
        prompt_estimate=6,
        output_estimate=128,
        affinity=f"{rng.getrandbits(64):016x}",
        deadline_ms=600_000.0,
        key=f"{project:012x}",
        ts=_START + n * _EVERY,
    )


def _attempt(key: str, first: float, rng: random.Random) -> AttemptEnded:
    end = first + rng.expovariate(1 / 400)
    return AttemptEnded(
        *(key, f"{key}-domain", "gemini-2.0-flash", "primary", "won", 0.25, first, end, 200),
        prompt_tokens=25,
        completion_tokens=42,
        usage_src="reported",
        provider="gemini",
        headers_ms=first * 0.9,
        ewma_ms=450.5,
        candidates=(Candidate(key, 0.5), Candidate("key-0", 0.7)),
        delay_ms=950.5,
        delay_src="p95:model:n=500",
    )
