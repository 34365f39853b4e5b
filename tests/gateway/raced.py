"""Records of races as tests need them: a hedge that won, a failover, refusals, a client that left."""

from typing import Any

import attrs

from state.records import AttemptEnded, Candidate, RequestEnded, Skipped

SLOW = AttemptEnded(
    "gemini-a",
    "google-main",
    "gemini-2.0-flash",
    "primary",
    "lost",
    start_ms=0.4,
    first_ms=None,
    end_ms=1491.0,
    status=200,
    prompt_tokens=812,
    usage_src="estimated",
    provider="google",
    headers_ms=212.0,
    cancelled_ms=1490.2,
    inflight=3,
    ewma_ms=640.0,
    headroom=0.82,
    candidates=(Candidate("gemini-a", 655.0), Candidate("openai-b", 902.1)),
    p_sel=0.5,
    delay_ms=820.0,
    delay_src="quantile:p95:n=1412",
    probability=0.64,
    nano_usd_high=810_000,
)
QUICK = AttemptEnded(
    "openai-b",
    "openai-org",
    "gpt-4o-mini",
    "hedge",
    "won",
    start_ms=821.0,
    first_ms=1490.0,
    end_ms=4209.0,
    status=200,
    prompt_tokens=790,
    completion_tokens=142,
    usage_src="reported",
    provider="openai",
    headers_ms=1100.0,
    first_kind="content",
    inflight=1,
    warm=True,
    candidates=(Candidate("openai-b", 902.1),),
    nano_usd_low=123_450,
    nano_usd_high=123_450,
)
PLAIN = attrs.evolve(
    SLOW,
    outcome="won",
    first_ms=500.0,
    first_kind="content",
    end_ms=800.0,
    cancelled_ms=None,
    usage_src="reported",
    nano_usd_low=810_000,
)


def record(**changes: Any) -> RequestEnded:
    """A request that its first attempt answered in 800 ms, changed where a test says so."""
    usual: dict[str, Any] = {
        "request": "req_01JD8Z7Q0000000000000000AB",
        "project": "demo",
        "environment": "live",
        "operation": "chat",
        "model": "gemini-2.0-flash",
        "status": 200,
        "streamed": True,
        "policy": "default",
        "hedged": "no",
        "winner": "gemini-a",
        "ttft_ms": 500.0,
        "duration_ms": 801.0,
        "prompt_tokens": 812,
        "completion_tokens": 20,
        "nano_usd": 810_000,
        "attempts": (PLAIN,),
        "coin": 0.418,
        "prompt_estimate": 812,
        "output_estimate": 512,
        "ts": 1_795_380_000_000,
    }
    return RequestEnded(**(usual | changes))


HEDGED = record(
    hedged="won",
    winner="openai-b",
    ttft_ms=1490.0,
    duration_ms=4210.0,
    prompt_tokens=790,
    completion_tokens=142,
    nano_usd=123_450,
    tax_high=810_000,
    attempts=(SLOW, QUICK),
    affinity="0123456789abcdef",
)
LIMITED = attrs.evolve(
    SLOW,
    outcome="failed",
    end_ms=90.0,
    headers_ms=None,
    cancelled_ms=None,
    status=429,
    error="RateLimited",
    usage_src="none",
    nano_usd_high=0,
)
FAILED_OVER = record(
    winner="openai-b",
    attempts=(
        LIMITED,
        attrs.evolve(
            QUICK, role="failover", start_ms=91.0, headers_ms=200.0, first_ms=610.0, end_ms=790.0
        ),
    ),
    ttft_ms=610.0,
)
REFUSED = record(
    attempts=(attrs.evolve(PLAIN, first_ms=1200.0, end_ms=30_000.0),),
    ttft_ms=1200.0,
    duration_ms=30_001.0,
    skips=(Skipped(820.0, "budget", 0.4),),
)
GONE = record(
    status=499,
    client_gone=True,
    error="client_gone",
    winner=None,
    ttft_ms=None,
    duration_ms=402.0,
    attempts=(attrs.evolve(SLOW, outcome="client_gone", end_ms=400.0, cancelled_ms=400.0),),
)
NOBODY = record(
    status=429,
    error="rate_limit_error",
    winner=None,
    ttft_ms=None,
    duration_ms=5000.0,
    attempts=(),
    nano_usd=0,
    unhedgeable="store",
    arm="control",
)
