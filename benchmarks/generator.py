"""An open-loop load generator: streamed chat requests at their scheduled times, against any such server."""

from collections.abc import Sequence

import attrs
import msgspec
import trio
from httptools import HttpParserError

from benchmarks.stream_client import FirstContent, Request, post, send

MESSAGES = [{"role": "user", "content": "Kısa bir hikaye yaz"}]


@attrs.frozen
class Arm:
    """One side of a comparison: where its requests go."""

    name: str
    base_url: str
    api_key: str


@attrs.frozen
class Sample:
    """One request: seconds from its scheduled time to the first content and to the end.

    `ttft` is None where none came; `error` says what came instead.
    """

    arm: str
    due: float
    ttft: float | None
    total: float
    error: str | None = None
    hedged: str = "no"


async def run(
    arms: Sequence[Arm], schedule: Sequence[float], *, model: str, max_tokens: int
) -> list[Sample]:
    """Sends the schedule's requests, to each arm in turn, and gives what became of each, in order."""
    samples: list[Sample | None] = [None] * len(schedule)
    requests = [_request(arm, model, max_tokens) for arm in arms]
    start = trio.current_time()

    async def one(index: int, due: float) -> None:
        arm = index % len(arms)
        samples[index] = await _sample(arms[arm].name, requests[arm], start + due)

    async with trio.open_nursery() as nursery:
        for index, due in enumerate(schedule):
            await trio.sleep_until(start + due)
            nursery.start_soon(one, index, due)
    return [sample for sample in samples if sample is not None]


def _request(arm: Arm, model: str, max_tokens: int) -> Request:
    body = {"model": model, "messages": MESSAGES, "stream": True, "max_tokens": max_tokens}
    headers = {"Authorization": f"Bearer {arm.api_key}", "Content-Type": "application/json"}
    return post(f"{arm.base_url}/v1/chat/completions", headers, msgspec.json.encode(body))


async def _sample(arm: str, request: Request, due: float) -> Sample:
    first = FirstContent()
    hedged, error = "no", None
    try:
        response = await send(request, first)
        hedged = response.headers.get("x-hedgerow-hedged", "no")
        if response.status != 200:
            error = f"status {response.status}"
        elif not first.done:
            error = "cut"
    except (OSError, trio.BrokenResourceError, HttpParserError) as broken:
        error = type(broken).__name__
    ttft = None if first.at is None else first.at - due
    return Sample(arm, due, ttft, trio.current_time() - due, error, hedged)
