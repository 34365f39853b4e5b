"""Any failure in the one shape that clients see."""

import math

import msgspec
import pytest

from gateway.errors import NO_CREDENTIAL, TYPES, ApiError, bad_request, from_provider
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    TimedOut,
    Unreachable,
    UpstreamFailed,
)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "service_unavailable"),
    ],
)
def test_every_status_of_the_contract_has_its_type(status: int, kind: str) -> None:
    """The table is the documented one, and `code` is the status as an integer."""
    error = ApiError(status, "what went wrong")
    assert msgspec.json.decode(error.encode()) == {
        "error": {"message": "what went wrong", "type": kind, "code": status}
    }
    assert str(error) == "what went wrong"


def test_the_contract_knows_no_other_status() -> None:
    """An error of another status could not be told to a client."""
    assert set(TYPES) == {400, 401, 403, 404, 429, 500, 503}


def test_the_parameter_and_the_upstreams_reason_are_told_where_there_are_any() -> None:
    """Clients show the one and act on the other."""
    error = ApiError(400, "too long", param="messages", reason="context_length_exceeded")
    assert error.body()["error"] == {
        "message": "too long",
        "type": "invalid_request_error",
        "code": 400,
        "param": "messages",
        "reason": "context_length_exceeded",
    }


def test_any_text_may_be_told() -> None:
    """UTF-8 arrives intact, and line breaks cannot end an event of a stream."""
    encoded = ApiError(400, 'ğ\n\n"\r\u2028').encode()
    assert b"\n" not in encoded
    assert b"\r" not in encoded
    assert msgspec.json.decode(encoded)["error"]["message"] == 'ğ\n\n"\r\u2028'


@pytest.mark.parametrize(
    ("status", "retry_after", "headers"),
    [
        (429, 1.2, {"retry-after": "2", "retry-after-ms": "1200"}),
        (503, 30.0, {"retry-after": "30", "retry-after-ms": "30000"}),
        (429, 0.0, {"retry-after": "1", "retry-after-ms": "1"}),
        (429, -3.0, {"retry-after": "1", "retry-after-ms": "1"}),
        (429, None, {}),
        (400, 5.0, {}),
        (500, 5.0, {}),
    ],
)
def test_the_wait_is_told_rounded_up_where_waiting_helps(
    status: int, retry_after: float | None, headers: dict[str, str]
) -> None:
    """In whole seconds as HTTP wants it, in milliseconds for the SDKs; never zero."""
    assert ApiError(status, "x", retry_after=retry_after).headers() == headers


def test_a_final_error_asks_the_sdk_not_to_try_again() -> None:
    """The gateway has tried all there is."""
    assert ApiError(503, "x", final=True).headers() == {"x-should-retry": "false"}


@pytest.mark.parametrize("param", [None, "temperature"])
def test_a_bad_request_names_its_parameter(param: str | None) -> None:
    """Or none, if none is to blame."""
    error = bad_request("no", param)
    assert (error.status, error.param, error.message) == (400, param, "no")


def test_a_rejected_request_is_the_clients_with_the_upstreams_words() -> None:
    """The provider knows best what is wrong with it."""
    rejected = RequestRejected("too long", status=422, code="context_length_exceeded", param="n")
    error = from_provider(rejected)
    assert (error.status, error.message, error.param, error.reason, error.final) == (
        400,
        "too long",
        "n",
        "context_length_exceeded",
        False,
    )


def test_a_missing_model_is_not_found() -> None:
    """The parameter to blame is `model`, whatever the upstream calls it."""
    error = from_provider(ModelMissing("no such model", status=404, param="modelId"))
    assert (error.status, error.param, error.message) == (404, "model", "no such model")


@pytest.mark.parametrize(("told", "wait"), [(7.0, "7"), (None, "1"), (0.0, "1")])
def test_a_rate_limit_always_says_how_long_to_wait(told: float | None, wait: str) -> None:
    """Also where the upstream did not."""
    error = from_provider(RateLimited("slow down", status=429, retry_after=told))
    assert (error.status, error.headers()["retry-after"]) == (429, wait)
    assert not error.final


@pytest.mark.parametrize(
    "cause",
    [
        CredentialRejected("Incorrect API key provided: sk-CANARY", status=401),
        CredentialRejected("sk-CANARY may not", status=403),
        QuotaExhausted("org-CANARY has no money", status=402, code="insufficient_quota"),
    ],
)
def test_a_pooled_keys_trouble_is_never_blamed_on_the_client(cause: ProviderError) -> None:
    """No 401 and no 403, and not a word of what the provider said of our key."""
    error = from_provider(cause)
    assert (error.status, error.message, error.reason) == (503, NO_CREDENTIAL, None)
    assert error.headers() == {"x-should-retry": "false"}
    assert b"CANARY" not in error.encode()


@pytest.mark.parametrize(
    "cause",
    [
        UpstreamFailed("down", status=529, retry_after=4.0),
        Unreachable("no connection"),
        BrokenAnswer("cut"),
        TimedOut("silent", clock="first_token"),
        ProviderError("something"),
    ],
)
def test_everything_else_is_unavailable_and_final(cause: ProviderError) -> None:
    """Failover was tried already; the upstream's advice is passed on."""
    error = from_provider(cause)
    assert (error.status, error.message, error.final) == (503, cause.message, True)
    assert error.retry_after == cause.retry_after


def test_every_provider_error_has_an_answer_that_can_be_sent() -> None:
    """Also kinds that will be added: none may end in a lookup error."""
    for kind in ProviderError.__subclasses__():
        cause = kind("x", clock="idle") if kind is TimedOut else kind("x")
        error = from_provider(cause)
        assert msgspec.json.decode(error.encode())["error"]["code"] == error.status
        assert all(value.isprintable() for value in error.headers().values())


def test_the_wait_is_never_shorter_than_asked() -> None:
    """A client that came a moment early would be refused again."""
    for tenth in range(1, 100):
        headers = ApiError(429, "x", retry_after=tenth / 10).headers()
        assert int(headers["retry-after"]) >= tenth / 10
        assert math.isclose(int(headers["retry-after-ms"]), tenth * 100, abs_tol=1)
