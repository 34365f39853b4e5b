"""What Prometheus is told."""

from typing import Any

import pytest

from gateway.metrics import GRAVITY, Metrics
from policies.rest import STATES, State
from policies.statistics import KeyStatistics
from policies.target import Target
from state.records import AttemptEnded, RequestEnded


def request(**changes: Any) -> RequestEnded:
    """A request that ended well, changed where a test says so."""
    usual: dict[str, Any] = {
        "request": "req_1",
        "project": "demo",
        "environment": "live",
        "operation": "chat",
        "model": "m",
        "status": 200,
        "streamed": False,
        "policy": "default",
        "hedged": "no",
        "winner": "a-1",
        "ttft_ms": 300.0,
        "duration_ms": 2000.0,
        "prompt_tokens": 25,
        "completion_tokens": 42,
    }
    return RequestEnded(**(usual | changes))


def ended(**changes: Any) -> AttemptEnded:
    """An upstream call that won, changed where a test says so."""
    usual: dict[str, Any] = {
        "key": "a-1",
        "domain": "a",
        "model": "up",
        "role": "primary",
        "outcome": "won",
        "start_ms": 100.0,
        "first_ms": 300.0,
        "end_ms": 2000.0,
    }
    return AttemptEnded(**(usual | changes))


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    """One number of what would be scraped."""
    return metrics.registry.get_sample_value(name, labels)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "ok"),
        ({"error": "service_unavailable"}, "broken"),
        ({"status": 400}, "client_error"),
        ({"status": 429}, "client_error"),
        ({"status": 500}, "server_error"),
        ({"status": 503}, "server_error"),
        ({"status": 499, "client_gone": True}, "client_gone"),
        ({"client_gone": True}, "client_gone"),
        ({"client_gone": True, "error": "client_gone"}, "client_gone"),
        ({"status": 503, "error": "service_unavailable"}, "server_error"),
        ({"status": 503, "client_gone": True}, "client_gone"),
    ],
)
def test_requests_are_counted_by_how_they_ended(changes: dict[str, Any], outcome: str) -> None:
    """One request is one count."""
    metrics = Metrics()
    metrics.request_ended(request(**changes), "m", None)
    labels = {"project": "demo", "model": "m", "operation": "chat", "outcome": outcome}
    assert sample(metrics, "hedgerow_requests_total", **labels) == 1
    assert metrics.render().count(b"hedgerow_requests_total{") == 1


def test_times_are_in_seconds_under_opentelemetrys_names() -> None:
    """Dashboards made for other gateways find them."""
    metrics = Metrics()
    metrics.request_ended(request(), "m", 0.0004)
    names = {"gen_ai_operation_name": "chat", "gen_ai_request_model": "m"}
    assert sample(metrics, "gen_ai_server_request_duration_seconds_sum", **names) == 2.0
    assert sample(metrics, "gen_ai_server_time_to_first_token_seconds_sum", **names) == 0.3
    assert sample(metrics, "hedgerow_overhead_seconds_bucket", le="0.0005") == 1
    assert sample(metrics, "hedgerow_overhead_seconds_bucket", le="0.0002") == 0


def test_an_answer_that_never_began_has_no_first_token() -> None:
    """And no overhead that could be told from waiting."""
    metrics = Metrics()
    metrics.request_ended(request(status=503, ttft_ms=None), "m", None)
    names = {"gen_ai_operation_name": "chat", "gen_ai_request_model": "m"}
    assert sample(metrics, "gen_ai_server_request_duration_seconds_count", **names) == 1
    assert sample(metrics, "gen_ai_server_time_to_first_token_seconds_count", **names) is None
    assert sample(metrics, "hedgerow_overhead_seconds_count") == 0


def test_tokens_are_summed_by_direction() -> None:
    """As they were given to the client."""
    metrics = Metrics()
    for _ in range(2):
        metrics.request_ended(request(), "m", None)
    names = {"gen_ai_operation_name": "chat", "gen_ai_request_model": "m"}
    name = "gen_ai_client_token_usage_tokens_total"
    assert sample(metrics, name, **names, gen_ai_token_type="input") == 50
    assert sample(metrics, name, **names, gen_ai_token_type="output") == 84


@pytest.mark.parametrize(
    ("changes", "labels"),
    [
        ({"hedged": "won"}, {"decision": "fired", "reason": "won"}),
        ({"hedged": "lost"}, {"decision": "fired", "reason": "lost"}),
        ({"hedge_skip": "budget"}, {"decision": "suppressed", "reason": "budget"}),
        ({"hedged": "won", "hedge_skip": "cap"}, {"decision": "fired", "reason": "won"}),
        ({}, None),
    ],
)
def test_hedges_are_counted_with_what_became_of_them(
    changes: dict[str, Any], labels: dict[str, str] | None
) -> None:
    """A request that was fast enough is none; one decision a request."""
    metrics = Metrics()
    metrics.request_ended(request(**changes), "m", None)
    counted = metrics.render().count(b"hedgerow_hedges_total{")
    assert counted == (labels is not None)
    if labels is not None:
        assert sample(metrics, "hedgerow_hedges_total", **labels) == 1


@pytest.mark.parametrize(("kind", "name"), [("gemini", "gcp.gemini"), ("homemade", "homemade")])
def test_upstream_calls_are_counted_winners_and_losers_alike(kind: str, name: str) -> None:
    """By key; the time to the first token is the call's own, from when it was sent."""
    metrics = Metrics()
    lost = ended(key="b-1", provider="b", role="hedge", outcome="lost", first_ms=None)
    metrics.attempt_ended(ended(provider="a"), "m", kind)
    metrics.attempt_ended(lost, "m", kind)
    for labels in (
        {"provider": "a", "key": "a-1", "role": "primary", "outcome": "won"},
        {"provider": "b", "key": "b-1", "role": "hedge", "outcome": "lost"},
    ):
        assert sample(metrics, "hedgerow_attempts_total", model="m", **labels) == 1
    first = "gen_ai_client_operation_time_to_first_chunk_seconds"
    names = {"gen_ai_request_model": "m", "gen_ai_provider_name": name}
    assert sample(metrics, f"{first}_sum", **names) == 0.2
    assert sample(metrics, f"{first}_count", **names) == 1


def statistics(key: str, model: str, state: State) -> KeyStatistics:
    """One target of the pool."""
    return KeyStatistics(Target(key, "p", "d", model), state, inflight=0, ttft=0.5)


def test_a_keys_state_is_its_gravest() -> None:
    """One of its models may rest while others are served."""
    metrics = Metrics()
    metrics.keys_are(
        [
            statistics("a-1", "m", "active"),
            statistics("a-1", "n", "cooling"),
            statistics("b-1", "m", "active"),
        ]
    )
    assert sample(metrics, "hedgerow_key_state", key="a-1", state="cooling") == 1
    assert sample(metrics, "hedgerow_key_state", key="a-1", state="active") is None
    assert sample(metrics, "hedgerow_key_state", key="b-1", state="active") == 1


def test_a_state_that_is_over_is_no_longer_shown() -> None:
    """Nor a key that is no longer configured."""
    metrics = Metrics()
    metrics.keys_are([statistics("a-1", "m", "ejected"), statistics("b-1", "m", "active")])
    metrics.keys_are([statistics("a-1", "m", "active")])
    assert metrics.render().count(b"hedgerow_key_state{") == 1
    assert sample(metrics, "hedgerow_key_state", key="a-1", state="active") == 1


def test_every_state_of_a_key_has_its_gravity() -> None:
    """A new one that has none would break the scrape."""
    assert {"active", "probation", "draining", *STATES.values()} == set(GRAVITY)
    metrics = Metrics()
    metrics.keys_are([statistics(state, "m", state) for state in GRAVITY])
    assert metrics.render().count(b"hedgerow_key_state{") == len(GRAVITY)


def test_names_of_any_kind_can_be_scraped() -> None:
    """Quotes, line breaks and other languages in a model's name."""
    metrics = Metrics()
    metrics.request_ended(request(), 'ğ"\n\\', None)
    assert rb'model="' + "ğ".encode() + rb'\"\n\\"' in metrics.render()


def test_a_models_label_is_given_and_never_the_name_that_was_asked_for() -> None:
    """Nor the name that it has upstream: every name in a label is another series for ever."""
    metrics = Metrics()
    for n in range(3):
        metrics.request_ended(request(model=f"made-up-{n}"), "unlisted", 0.001)
        metrics.attempt_ended(ended(model=f"made-up-{n}"), "unlisted", "gemini")
    scraped = metrics.render()
    assert b"made-up" not in scraped
    assert scraped.count(b"hedgerow_requests_total{") == 1
    assert scraped.count(b"hedgerow_attempts_total{") == 1


def test_two_gateways_in_one_process_count_apart() -> None:
    """Nothing is registered globally."""
    one, other = Metrics(), Metrics()
    one.inflight += 1
    assert sample(one, "hedgerow_inflight_requests") == 1
    assert sample(other, "hedgerow_inflight_requests") == 0
