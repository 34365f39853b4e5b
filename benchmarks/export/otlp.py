"""Requests as traces: a span for the request, one below it for each attempt, as OTLP/JSON.

Names are those of OpenTelemetry's conventions for generative AI where they have one, elsewhere `hedgerow.…`.
Ids follow from the request's id alone, so that the same journal always gives the same traces.
"""

import hashlib
from typing import Any, TypeAlias

from state.records import AttemptEnded, RequestEnded

Json: TypeAlias = dict[str, Any]

_SERVER, _CLIENT = 2, 3
_ERROR = 2
_OPERATIONS = {"chat": "chat", "embeddings": "embeddings"}
_FAILED = ("failed", "timeout")


def resource_spans(records: list[RequestEnded], version: str) -> Json:
    """What one line of an OTLP/JSON file holds."""
    spans = [span for record in records for span in spans_of(record)]
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({"service.name": "hedgerow"})},
                "scopeSpans": [
                    {"scope": {"name": "hedgerow.journal", "version": version}, "spans": spans}
                ],
            }
        ]
    }


def spans_of(record: RequestEnded) -> list[Json]:
    """The request's span, and those of its attempts."""
    began = record.ts - record.duration_ms
    span = {
        **_span(record, 0, began, (0.0, record.duration_ms)),
        "name": f"{record.operation} {record.model}",
        "kind": _SERVER,
        "attributes": _attributes(_of_request(record)),
        **_status(record.error, failed=record.status >= 400 or record.error is not None),
    }
    return [
        span,
        *(_attempt_span(record, n, attempt) for n, attempt in enumerate(record.attempts, 1)),
    ]


def _attempt_span(record: RequestEnded, number: int, attempt: AttemptEnded) -> Json:
    began = record.ts - record.duration_ms
    return {
        **_span(record, number, began, (attempt.start_ms, attempt.end_ms)),
        "parentSpanId": _id(record.request, "0", 8),
        "name": f"{record.operation} {attempt.model}",
        "kind": _CLIENT,
        "attributes": _attributes(_of_attempt(record, attempt)),
        **_status(attempt.error, failed=attempt.outcome in _FAILED),
    }


def _span(record: RequestEnded, number: int, began: float, times: tuple[float, float]) -> Json:
    """`began` is wall time in milliseconds, `times` are milliseconds after it."""
    start, end = times
    return {
        "traceId": _id(record.request, "trace", 16),
        "spanId": _id(record.request, str(number), 8),
        "startTimeUnixNano": _nanoseconds(began + start),
        "endTimeUnixNano": _nanoseconds(began + max(start, end)),
    }


def _of_request(record: RequestEnded) -> Json:
    return {
        "gen_ai.operation.name": _OPERATIONS.get(record.operation, record.operation),
        "gen_ai.provider.name": _provider(record),
        "gen_ai.request.model": record.model,
        "gen_ai.usage.input_tokens": record.prompt_tokens,
        "gen_ai.usage.output_tokens": record.completion_tokens,
        "gen_ai.response.time_to_first_chunk": _seconds(record.ttft_ms),
        "http.response.status_code": record.status,
        "error.type": record.error,
        "hedgerow.request.id": record.request,
        "hedgerow.project": record.project,
        "hedgerow.environment": record.environment,
        "hedgerow.streamed": record.streamed,
        "hedgerow.policy": record.policy,
        "hedgerow.policy.id": record.policy_id or None,
        "hedgerow.hedged": record.hedged,
        "hedgerow.hedge_skip": record.hedge_skip,
        "hedgerow.winner": record.winner,
        "hedgerow.nano_usd": record.nano_usd,
        "hedgerow.client_gone": record.client_gone,
    }


def _of_attempt(record: RequestEnded, attempt: AttemptEnded) -> Json:
    first = None if attempt.first_ms is None else attempt.first_ms - attempt.start_ms
    return {
        "gen_ai.operation.name": _OPERATIONS.get(record.operation, record.operation),
        "gen_ai.provider.name": attempt.provider or None,
        "gen_ai.request.model": attempt.model,
        "gen_ai.usage.input_tokens": attempt.prompt_tokens,
        "gen_ai.usage.output_tokens": attempt.completion_tokens,
        "gen_ai.response.time_to_first_chunk": _seconds(first),
        "http.response.status_code": attempt.status,
        "error.type": attempt.error,
        "hedgerow.key": attempt.key,
        "hedgerow.domain": attempt.domain,
        "hedgerow.role": attempt.role,
        "hedgerow.outcome": attempt.outcome,
        "hedgerow.usage_src": attempt.usage_src,
        "hedgerow.delay_ms": attempt.delay_ms,
        "hedgerow.delay_src": attempt.delay_src,
        "hedgerow.nano_usd_low": attempt.nano_usd_low,
        "hedgerow.nano_usd_high": attempt.nano_usd_high,
    }


def _provider(record: RequestEnded) -> str | None:
    won = (each.provider for each in record.attempts if each.outcome == "won")
    return next(won, None) or None


def _status(message: str | None, *, failed: bool) -> Json:
    if not failed:
        return {}
    return {"status": {"code": _ERROR, **({"message": message} if message else {})}}


def _attributes(values: Json) -> list[Json]:
    return [{"key": key, "value": _value(v)} for key, v in values.items() if v is not None]


def _value(value: str | float) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}  # 64 bits are text in protobuf's JSON
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def _id(request: str, what: str, size: int) -> str:
    return hashlib.sha256(f"{request}/{what}".encode()).hexdigest()[: 2 * size]


def _nanoseconds(milliseconds: float) -> str:
    return str(max(0, round(milliseconds * 1000.0)) * 1000)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000.0
