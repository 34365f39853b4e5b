"""Bedrock's exceptions by name: whose fault, and whether another try makes sense."""

import json

import pytest

from providers.bedrock_errors import error_in_answer, error_of
from providers.errors import (
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)

ARN = "arn:aws:iam::123456789012:user/somebody"


@pytest.mark.parametrize(
    ("status", "name", "message", "error"),
    [
        (400, "ValidationException", "no", RequestRejected),
        (400, "ValidationException", "The provided model identifier is invalid.", ModelMissing),
        (400, "ValidationException", "with on-demand throughput isn't supported", ModelMissing),
        (403, "AccessDeniedException", "You don't have access to the model with", ModelMissing),
        (403, "AccessDeniedException", "not authorized to perform", CredentialRejected),
        (403, "InvalidSignatureException", "Signature expired", CredentialRejected),
        (404, "ResourceNotFoundException", "no", ModelMissing),
        (408, "ModelTimeoutException", "slow", UpstreamFailed),
        (424, "ModelErrorException", "broke", UpstreamFailed),
        (429, "ThrottlingException", "slow down", RateLimited),
        (429, "ModelNotReadyException", "loading", UpstreamFailed),
        (400, "ServiceQuotaExceededException", "used up", QuotaExhausted),
        (500, "InternalServerException", "x", UpstreamFailed),
        (503, "ServiceUnavailableException", "x", UpstreamFailed),
    ],
)
def test_an_exception_has_its_class(
    status: int, name: str, message: str, error: type[ProviderError]
) -> None:
    """By its header or, where a proxy dropped that, by its body."""
    header = {"x-amzn-errortype": f"{name}:http://internal.amazon.com/"}
    body = {"message": message}
    typed = {**body, "__type": f"com.amazon.coral.service#{name}"}
    for found in (
        error_of(status, header, json.dumps(body).encode()),
        error_of(status, {}, json.dumps(typed).encode()),
    ):
        assert type(found) is error
        assert (found.status, found.code, found.message) == (status, name, message)


def test_the_same_inside_a_stream() -> None:
    """Where names begin with a small letter, and there is no status."""
    assert isinstance(error_in_answer("throttlingException", {"message": "x"}), RateLimited)
    assert isinstance(error_in_answer("modelStreamErrorException", {}), UpstreamFailed)
    assert isinstance(error_in_answer("", None), UpstreamFailed)
    found = error_in_answer("validationException", {"message": "prompt is too long: 9 tokens"})
    assert (type(found), found.code) == (RequestRejected, "context_length_exceeded")


def test_nobody_learns_whose_account_it_is() -> None:
    """AWS names the user that a key belongs to."""
    body = json.dumps({"message": f"User: {ARN} is not authorized to perform: x"}).encode()
    found = error_of(403, {"x-amzn-errortype": "AccessDeniedException"}, body)
    assert "123456789012" not in found.message
    assert "not authorized" in found.message


def test_a_page_is_told_by_its_status() -> None:
    """Some proxy's, on the way."""
    assert isinstance(error_of(503, {}, b"<html>"), UpstreamFailed)
    assert error_of(429, {"retry-after": "7"}, b"").retry_after == 7
