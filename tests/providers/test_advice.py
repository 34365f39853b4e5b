"""An upstream's refusal is understood in every shape it comes in."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from providers.advice import (
    ErrorBody,
    by_status,
    duration,
    in_band,
    message_of,
    openai_limits,
    read_error,
    retry_after,
)
from providers.errors import (
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.types import RateLimits

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
IN_A_MINUTE = "Sun, 06 Nov 1994 08:50:37 GMT"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"error": {"message": "m", "type": "t", "param": "p", "code": "c"}},
            ErrorBody("m", "t", "c", "p"),
        ),
        ({"error": {"message": "m", "code": 429}}, ErrorBody("m", status=429)),
        ({"error": {"message": "m", "code": "401"}}, ErrorBody("m", status=401)),
        (
            {"error": {"message": "m", "status_code": 400, "code": "c"}},
            ErrorBody("m", None, "c", status=400),
        ),
        (
            {"error": {"code": 404, "message": "m", "status": "NOT_FOUND"}},
            ErrorBody("m", "NOT_FOUND", status=404),
        ),
        (
            {"error": "text", "code": "invalid-argument"},
            ErrorBody("text", None, "invalid-argument"),
        ),
        ([{"error": {"code": 400, "message": "m"}}], ErrorBody("m", status=400)),
        ({"message": "m"}, ErrorBody("m")),
        ({"detail": "Invalid API Key"}, ErrorBody("Invalid API Key")),
        (
            {
                "object": "error",
                "message": "m",
                "type": "rate_limited",
                "param": None,
                "code": "1300",
            },
            ErrorBody("m", "rate_limited", "1300"),
        ),
        ({"error": {"message": "m", "metadata": {"a": 1}}}, ErrorBody("m", details={"a": 1})),
        ({"error": {"message": "m", "details": [1], "metadata": 2}}, ErrorBody("m", details=[1])),
        (
            {"detail": [{"loc": ["body", "messages", 0], "msg": "a"}, {"msg": "b"}, 5, {}]},
            ErrorBody("a; b", param="messages.0"),
        ),
        ({"detail": []}, ErrorBody()),
        ({"error": {}}, ErrorBody()),
        ({"error": None}, ErrorBody()),
        ({"error": {"message": {"a": 1}, "type": [], "code": {}, "param": 1.5}}, ErrorBody()),
        ([], ErrorBody()),
        ("text", ErrorBody()),
        (None, ErrorBody()),
    ],
)
def test_one_parser_reads_every_shape(body: Any, expected: ErrorBody):
    """OpenAI's, OpenRouter's, Groq's, Google's, xAI's, Mistral's, vLLM's, and things that are none."""
    assert message_of(json.dumps(body).encode()) == expected
    assert read_error(body) == expected


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b'{"error": {"mess', b"\xff", b"oops"])
def test_a_body_without_a_reason_gives_none(body: bytes):
    """What some proxy on the way wrote is not repeated."""
    assert message_of(body) == ErrorBody()


def test_messages_are_safe_to_show():
    """Keys are blotted out and lengths are bounded, of every text in the body."""
    body = {
        "error": {
            name: f"{name} sk-123456 {'x ' * 999}" for name in ("message", "type", "param", "code")
        }
    }
    found = message_of(json.dumps(body).encode())
    for text, limit in (
        (found.message, 500),
        (found.type, 120),
        (found.code, 120),
        (found.param, 120),
    ):
        assert text is not None
        assert len(text) == limit
        assert "123456" not in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "message",
                    "detail",
                    "code",
                    "type",
                    "status",
                    "status_code",
                    "loc",
                    "msg",
                ]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(json_values)
def test_no_json_at_all_is_too_odd_to_read(value: Any):
    """Whatever the shape, there is an error to raise, with a message."""
    error = in_band(read_error(value))
    assert error.message
    assert error.status is not None


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, (), RequestRejected),
        (413, (), RequestRejected),
        (422, (), RequestRejected),
        (418, (), RequestRejected),
        (405, (), RequestRejected),
        (401, (), CredentialRejected),
        (403, (), CredentialRejected),
        (400, ("invalid_request_error", "invalid_api_key"), CredentialRejected),
        (402, (), QuotaExhausted),
        (429, ("insufficient_quota",), QuotaExhausted),
        (403, ("billing_not_active",), QuotaExhausted),
        (429, (), RateLimited),
        (429, ("tokens", "rate_limit_exceeded"), RateLimited),
        (404, (), ModelMissing),
        (400, ("invalid_request_error", "model_not_found"), ModelMissing),
        (403, ("model_not_found",), ModelMissing),
        (408, (), UpstreamFailed),
        (409, (), UpstreamFailed),
        (425, (), UpstreamFailed),
        (500, (), UpstreamFailed),
        (503, ("insufficient_quota",), UpstreamFailed),
        (529, (), UpstreamFailed),
        (599, (), UpstreamFailed),
        (301, (), UpstreamFailed),
        (204, (), UpstreamFailed),
    ],
)
def test_a_status_says_whose_fault_it_is(
    status: int, words: tuple[str, ...], kind: type[ProviderError]
):
    """The words of code and type refine it, whichever of the two they stand in."""
    for order in (words, words[::-1]):
        code, *rest = (*order, None)
        error = by_status(status, ErrorBody("m", rest[0] if rest else None, code, "p"), 3.0)
        assert type(error) is kind
        assert (error.message, error.status, error.code, error.param) == ("m", status, code, "p")


@pytest.mark.parametrize(
    ("status", "kept"),
    [(429, True), (503, True), (408, True), (402, True), (400, False), (401, False), (404, False)],
)
def test_retry_advice_is_kept_only_where_a_retry_makes_sense(status: int, kept: bool):
    """Some providers send `retry-after` with everything."""
    assert by_status(status, ErrorBody(), 3.0).retry_after == (3.0 if kept else None)


def test_without_a_message_the_status_is_named():
    """In words where it is a registered one."""
    assert by_status(502, ErrorBody(), None).message == "The upstream answered 502 Bad Gateway"
    assert by_status(529, ErrorBody(), None).message == "The upstream answered 529"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (ErrorBody(status=429), RateLimited, 429),
        (ErrorBody(type="rate_limit_error"), RateLimited, 429),
        (ErrorBody(code="insufficient_quota"), QuotaExhausted, 429),
        (ErrorBody(type="RESOURCE_EXHAUSTED"), RateLimited, 429),
        (ErrorBody(type="overloaded_error"), UpstreamFailed, 529),
        (ErrorBody(type="UNAVAILABLE"), UpstreamFailed, 503),
        (ErrorBody(type="invalid_request_error"), RequestRejected, 400),
        (ErrorBody(type="BadRequestError"), RequestRejected, 400),
        (ErrorBody(type="invalid_request_error", code="rate_limit_exceeded"), RateLimited, 429),
        (ErrorBody(type="authentication_error"), CredentialRejected, 401),
        (ErrorBody(type="invalid_request_error", code="invalid_api_key"), CredentialRejected, 401),
        (ErrorBody(type="permission_error"), CredentialRejected, 403),
        (ErrorBody(code="model_not_found"), ModelMissing, 404),
        (ErrorBody(code="server_error"), UpstreamFailed, 500),
        (ErrorBody(), UpstreamFailed, 500),
    ],
)
def test_an_error_inside_an_answer_has_the_class_of_its_own_words(
    body: ErrorBody, kind: type[ProviderError], status: int
):
    """By its number, else by its code, else by its type, else the upstream failed."""
    error = in_band(body)
    assert (type(error), error.status) == (kind, status)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1.0),
        ({"retry-after-ms": "soon", "retry-after": "1"}, 1.0),
        ({"retry-after": IN_A_MINUTE, "date": DATE}, 60.0),
        ({"retry-after": "Sunday, 06-Nov-94 08:50:37 GMT", "date": DATE}, 60.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:50:37 -0000", "date": DATE}, 60.0),
        ({"retry-after": DATE, "date": IN_A_MINUTE}, 0.0),
        ({"retry-after": IN_A_MINUTE}, None),
        ({"retry-after": IN_A_MINUTE, "date": "yesterday"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon", "date": DATE}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], seconds: float | None):
    """Milliseconds, seconds, a date by the upstream's own clock; nonsense is no advice."""
    assert retry_after(headers) == seconds


def test_a_date_is_measured_from_our_clock_where_the_answer_has_none():
    """If the caller says what time it is."""
    assert retry_after({"retry-after": DATE}, now_wall=784_111_767.0) == 10.0
    assert retry_after({"retry-after": DATE, "date": IN_A_MINUTE}, now_wall=0.0) == 0.0


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=40), st.text(max_size=40))
@example("Sun, 06 Nov 99999 08:49:37 GMT", DATE)
@example("Mon, 01 Jan 0001 00:00:00 +2359", DATE)
def test_no_header_is_too_odd_to_read(text: str, date: str):
    """Advice is a number from 0 up, or none."""
    seconds = retry_after({"retry-after": text, "date": date, "retry-after-ms": date})
    assert seconds is None or seconds >= 0
    limits = openai_limits({"x-ratelimit-reset": text, "x-ratelimit-limit-tokens": date})
    assert limits.reset is None or 0 <= limits.reset < float("inf")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2ms", 0.002),
        ("0s", 0.0),
        ("1m30s", 90.0),
        ("6m0s", 360.0),
        ("1h2m3s", 3723.0),
        ("1d", 86_400.0),
        ("17.399999999s", 17.399999999),
        ("1.5ms", 0.0015),
        ("1s500ms", 1.5),
        ("48s", 48.0),
        ("7", 7.0),
        ("0.5", 0.5),
        ("", None),
        ("soon", None),
        ("-1s", None),
        ("-1", None),
        ("s", None),
        ("1s soon", None),
        ("9" * 400 + "s", None),
        ("inf", None),
    ],
)
def test_durations_as_rate_limit_headers_write_them(text: str, seconds: float | None):
    """OpenAI's, Groq's and Google's; bare numbers are seconds."""
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, RateLimits()),
        (
            {
                "x-ratelimit-limit-requests": "14400",
                "x-ratelimit-remaining-requests": "14399",
                "x-ratelimit-reset-requests": "6s",
                "x-ratelimit-limit-tokens": "30000",
                "x-ratelimit-remaining-tokens": "29987",
                "x-ratelimit-reset-tokens": "26ms",
            },
            RateLimits(14400, 14399, 30000, 29987, 6.0),
        ),
        (
            {
                "x-ratelimit-remaining-requests": "5",
                "x-ratelimit-reset-requests": "1h",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "26s",
            },
            RateLimits(None, 5, None, 0, 26.0),
        ),
        (
            {
                "x-ratelimit-limit-req-minute": "60",
                "x-ratelimit-remaining-req-minute": "59",
                "x-ratelimit-limit-tokens-minute": "100000",
                "x-ratelimit-remaining-tokens-minute": "93544",
            },
            RateLimits(60, 59, 100000, 93544),
        ),
        (
            {"x-ratelimit-limit": "2", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "2"},
            RateLimits(2, 1, reset=2.0),
        ),
        (
            {"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-tokens": "-1"},
            RateLimits(),
        ),
    ],
)
def test_rate_limit_headers_in_the_spellings_of_openai_and_its_kin(
    headers: dict[str, str], limits: RateLimits
):
    """Groq's, Mistral's and Together's; `reset` is that of what is used up, else the later one."""
    assert openai_limits(headers) == limits
