"""A small corpus in our own words, written into a folder."""

import json
from pathlib import Path
from typing import Any

import httpx

from providers.simulator.library import Library
from providers.simulator.recordings import load

SSE = "text/event-stream"
JSON = "application/json"


def write(folder: Path, name: str, path: str | None = None, body: Any = None, **more: Any) -> None:
    """One exchange: what was asked at this path with this body, and whatever else is given of it.

    `answer` is what was answered, else the recording's name.
    """
    answer = more.pop("answer", json.dumps({"from": name}))
    exchange = {
        "kind": "recorded",
        "method": "POST",
        "path": path,
        "request_body": body,
        "status": 200,
        "response_headers": {"content-type": JSON},
        "response_body": answer,
        **more,
    }
    file = folder / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(exchange))


def library(folder: Path) -> Library:
    """What is written there."""
    return Library.of(load(folder))


def asked(model: str = "m", text: str = "Merhaba", **more: Any) -> dict[str, Any]:
    """A question in OpenAI's words."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def client(url: str) -> httpx.AsyncClient:
    """A client of the simulator there."""
    return httpx.AsyncClient(base_url=url, trust_env=False)
