"""Requests as traces that a collector can read."""

from benchmarks.export.otlp import resource_spans, spans_of
from tests.benchmarks.export.conftest import NOW, made, refused


def attributes(span):
    """A span's attributes by name; integers are text there."""
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def test_attempts_are_spans_below_their_request():
    """All in one trace, each within its own times on the wall clock."""
    request, slow, fast = spans_of(made())
    assert {span["traceId"] for span in (request, slow, fast)} == {request["traceId"]}
    assert slow["parentSpanId"] == fast["parentSpanId"] == request["spanId"]
    assert "parentSpanId" not in request
    assert len({request["spanId"], slow["spanId"], fast["spanId"]}) == 3
    assert (len(request["traceId"]), len(request["spanId"])) == (32, 16)
    assert (request["kind"], slow["kind"]) == (2, 3)
    assert int(request["endTimeUnixNano"]) == NOW * 1_000_000
    assert int(fast["startTimeUnixNano"]) == (NOW - 1500 + 900) * 1_000_000


def test_names_are_the_conventions_own():
    """What OpenTelemetry has a word for is called by it, times in seconds."""
    request, _, fast = map(attributes, spans_of(made()))
    assert request["gen_ai.operation.name"] == "chat"
    assert request["gen_ai.request.model"] == "fast"
    assert request["gen_ai.provider.name"] == fast["gen_ai.provider.name"] == "router"
    assert request["gen_ai.usage.output_tokens"] == "4"
    assert fast["gen_ai.response.time_to_first_chunk"] == 0.3
    assert fast["hedgerow.role"] == "hedge"


def test_what_failed_says_so():
    """A refusal is an error; a loser is none."""
    (span,) = spans_of(refused())
    assert span["status"] == {"code": 2, "message": "rate_limit"}
    assert attributes(span)["error.type"] == "rate_limit"
    assert "status" not in spans_of(made())[1]


def test_the_same_request_is_always_the_same_trace():
    """Exporting twice does not double anything in a store of traces."""
    assert spans_of(made()) == spans_of(made())
    assert spans_of(made())[0]["traceId"] != spans_of(made("req_09"))[0]["traceId"]


def test_spans_are_wrapped_as_otlp_wants_them():
    """Under the service and the program that wrote them."""
    (wrapped,) = resource_spans([made(), refused()], "1.2")["resourceSpans"]
    assert attributes(wrapped["resource"]) == {"service.name": "hedgerow"}
    (scoped,) = wrapped["scopeSpans"]
    assert scoped["scope"] == {"name": "hedgerow.journal", "version": "1.2"}
    assert len(scoped["spans"]) == 4
