"""Requests as a gateway would have recorded them, and a journal of them."""

from pathlib import Path
from typing import Any

import pytest

from state import Store
from state.records import AttemptEnded, Candidate, RequestEnded, Skipped

NOW = 1_795_380_000_000


def made(name: str = "req_01", **changes: Any) -> RequestEnded:
    """A hedged request: the first call was slow, its backup won."""
    slow = AttemptEnded(
        *("gemini-a", "google-1", "gemini-2.0-flash", "primary", "lost", 1.0, None, 1300.0),
        provider="gemini",
        candidates=(Candidate("gemini-a", 0.5), Candidate("gemini-b", 0.75)),
        delay_ms=900.0,
        delay_src="p95",
        nano_usd_high=700,
    )
    fast = AttemptEnded(
        *("openrouter", "router", "google/gemini", "hedge", "won", 900.0, 1200.0, 1500.0, 200),
        prompt_tokens=3,
        completion_tokens=4,
        provider="router",
        limits=(98, None, 1.5),
    )
    usual: dict[str, Any] = {
        "project": "demo",
        "environment": "live",
        "operation": "chat",
        "model": "fast",
        "status": 200,
        "streamed": True,
        "policy": "default",
        "hedged": "won",
        "winner": "openrouter",
        "ttft_ms": 1200.0,
        "duration_ms": 1500.0,
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "nano_usd": 500,
        "tags": ("team a", "nightly"),
        "skips": (Skipped(950.0, "coin"),),
        "attempts": (slow, fast),
        "tax_high": 700,
        "ts": NOW,
    }
    return RequestEnded(name, **(usual | changes))


def refused(name: str = "req_02") -> RequestEnded:
    """A request that reached nobody."""
    nothing: dict[str, Any] = {"winner": None, "ttft_ms": None, "attempts": (), "skips": ()}
    return made(name, status=429, error="rate_limit", hedged="no", duration_ms=0.5, **nothing)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A state folder with one hedged request and one that was refused."""
    folder = tmp_path / "state"
    with Store.open(folder) as store:
        store.post(made())
        store.post(refused())
    return folder
