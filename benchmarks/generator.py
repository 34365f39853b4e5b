"""An open-loop load generator: streamed chat requests at their scheduled times, against any such server."""

import json
from collections.abc import Sequence

import attrs
import httpx
import trio

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
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        httpx.AsyncClient(limits=limits, timeout=120.0, trust_env=False) as http,
        trio.open_nursery() as nursery,
    ):
        start = trio.current_time()

        async def one(index: int, due: float) -> None:
            arm = arms[index % len(arms)]
            samples[index] = await _request(http, arm, start + due, model, max_tokens)

        for index, due in enumerate(schedule):
            await trio.sleep_until(start + due)
            nursery.start_soon(one, index, due)
    return [sample for sample in samples if sample is not None]


async def _request(
    http: httpx.AsyncClient, arm: Arm, due: float, model: str, max_tokens: int
) -> Sample:
    body = {"model": model, "messages": MESSAGES, "stream": True, "max_tokens": max_tokens}
    headers = {"authorization": f"Bearer {arm.api_key}"}
    url = f"{arm.base_url}/v1/chat/completions"
    ttft: float | None = None
    ended, hedged, error = False, "no", None
    try:
        async with http.stream("POST", url, json=body, headers=headers) as response:
            hedged = response.headers.get("x-hedgerow-hedged", "no")
            if response.status_code != httpx.codes.OK:
                error = f"status {response.status_code}"
            async for line in response.aiter_lines():
                ttft = ttft or (trio.current_time() - due if _has_content(line) else None)
                ended = ended or line == "data: [DONE]"
    except httpx.HTTPError as broken:
        error = type(broken).__name__
    if error is None and not ended:
        error = "cut"
    return Sample(arm.name, due, ttft, trio.current_time() - due, error, hedged)


def _has_content(line: str) -> bool:
    if not line.startswith("data: {"):
        return False
    choices = json.loads(line[6:]).get("choices") or [{}]
    return bool(choices[0].get("delta", {}).get("content"))
