"""What an upstream's refusal says, whoever it is: whose fault, why, and when to come back.

Providers wrap their errors in a dozen shapes; `message_of` knows them all. No body is ever returned
as it came: only short texts, without what looks like a credential, an account or a project.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import inf, isfinite
from typing import Any

import attrs

from providers.body import parse
from providers.errors import (
    BrokenAnswer,
    CredentialRejected,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRejected,
    UpstreamFailed,
)
from providers.lenient import fields, rows
from providers.redaction import safe
from providers.types import RateLimits

MESSAGE_LIMIT = 500
"""Most characters of a message; of a code, a type and a parameter's name it is `WORD_LIMIT`."""
WORD_LIMIT = 120

QUOTA = frozenset(
    {
        *("insufficient_quota", "quota_exceeded", "insufficient_balance", "payment_required"),
        *("billing_error", "billing_hard_limit_reached", "billing_not_active"),
    }
)
MODEL = frozenset({"model_not_found", "model_not_exist", "not_found_error", "DeploymentNotFound"})
CREDENTIAL = frozenset({"invalid_api_key", "authentication_error", "permission_error"})

IN_BAND: Mapping[str, int] = {
    **dict.fromkeys(("rate_limit", "too_many_requests", "quota", "exhausted"), 429),
    **dict.fromkeys(("authentic", "api_key"), 401),
    **dict.fromkeys(("timeout", "deadline"), 504),
    **dict.fromkeys(("invalid", "bad_request", "badrequest", "context_length"), 400),
    "billing": 402,
    "permission": 403,
    "not_found": 404,
    "too_large": 413,
    "unavailable": 503,
    "overloaded": 529,
}
"""The status that a part of an error's code or type stands for, where no number is given."""


@attrs.frozen
class ErrorBody:
    """The reason an upstream gave, as far as it gave one.

    `message` is short and safe to show. `status` is the HTTP status that the body itself names,
    which matters where the answer's own is 200. `details` is JSON, unread: never show it.
    """

    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None
    details: Any = attrs.field(default=None, repr=False)

    @property
    def words(self) -> frozenset[str]:
        """Its code and its type, which providers mix up."""
        return frozenset(filter(None, (self.code, self.type)))


def message_of(body: bytes) -> ErrorBody:
    """The reason in an error answer's body; an empty one where the body is HTML, empty or cut."""
    try:
        return read_error(parse(body))
    except BrokenAnswer:
        return ErrorBody()


def read_error(value: Any) -> ErrorBody:
    """The reason in an error answer's JSON, or in an error event's."""
    if isinstance(value, list):
        value = value[0] if value else None
    outer = fields(value)
    inner = outer.get("error")
    if isinstance(inner, str):
        return _reason(outer, inner)
    reason = fields(inner) or outer
    return _reason(reason, reason.get("message") or reason.get("detail"))


def _reason(reason: Mapping[str, Any], message: Any) -> ErrorBody:
    text, param = _complaints(message) if isinstance(message, list) else (message, None)
    code = reason.get("code")
    return ErrorBody(
        message=safe(text, MESSAGE_LIMIT),
        type=safe(reason.get("type") or reason.get("status"), WORD_LIMIT),
        code=None if _status(code) else safe(code, WORD_LIMIT),
        param=safe(reason.get("param") or param, WORD_LIMIT),
        status=_status(reason.get("status_code")) or _status(code),
        details=reason.get("details", reason.get("metadata", reason.get("innererror"))),
    )


def _complaints(complaints: list[Any]) -> tuple[str, str | None]:
    """A validator's `[{"loc": [...], "msg": "..."}, ...]` as one text and one parameter."""
    found = rows(complaints)
    text = "; ".join(str(row["msg"]) for row in found if "msg" in row)
    place = found[0].get("loc") if found else None
    names = [str(name) for name in place if name != "body"] if isinstance(place, list) else []
    return text, ".".join(names)


def _status(value: Any) -> int | None:
    """The value if it is the number of an HTTP error, or its digits."""
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if re.fullmatch("[45][0-9]{2}", text) else None


def by_status(status: int, body: ErrorBody, retry: float | None) -> ProviderError:
    """The error that an HTTP status means at every provider that has no other idea.

    `retry` is the upstream's advice in seconds; it is kept only where trying again makes sense.
    """
    kind = _kind(status, body.words)
    again = issubclass(kind, RateLimited | UpstreamFailed | QuotaExhausted)
    return kind(
        body.message or _phrase(status),
        status=status,
        retry_after=retry if again else None,
        code=body.code,
        param=body.param,
    )


def _kind(status: int, words: frozenset[str]) -> type[ProviderError]:
    if status == HTTPStatus.PAYMENT_REQUIRED or (status in (400, 403, 429) and words & QUOTA):
        return QuotaExhausted
    if status == HTTPStatus.NOT_FOUND or (status in (400, 403) and words & MODEL):
        return ModelMissing
    if status in (401, 403) or (status == HTTPStatus.BAD_REQUEST and words & CREDENTIAL):
        return CredentialRejected
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited
    if status in (408, 409, 425) or not 400 <= status < 500:
        return UpstreamFailed
    return RequestRejected


def _phrase(status: int) -> str:
    known = {known.value: known.phrase for known in HTTPStatus}
    return f"The upstream answered {status} {known.get(status, '')}".rstrip()


def in_band(body: ErrorBody) -> ProviderError:
    """The error that an upstream reports inside an answer whose status was 200."""
    return by_status(body.status or _implied(body), body, None)


def _implied(body: ErrorBody) -> int:
    for word in filter(None, (body.code, body.type)):
        for part, status in IN_BAND.items():
            if part in word.lower():
                return status
    return 500


def retry_after(headers: Mapping[str, str], now_wall: float | None = None) -> float | None:
    """Seconds to wait before another try, 0 or more, as the headers advise; None if they do not.

    A date is measured from the answer's own `date`, as its clock may differ from ours; without
    one from `now_wall`, a Unix time; without either it is no advice. Look only where a retry
    makes sense: some providers send `retry-after` with successes.
    """
    advice = (
        _number(headers.get("retry-after-ms", ""), 1000),
        _number(headers.get("retry-after", ""), 1),
        _until(headers.get("retry-after", ""), _wall(headers.get("date", "")) or now_wall),
    )
    given = [max(0.0, seconds) for seconds in advice if seconds is not None]
    # Azure sends 0 ms beside 1 s: a zero yields to whoever knows better.
    return next(filter(None, given), 0.0) if given else None


def _number(text: str, per_second: int) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value / per_second if isfinite(value) else None


def _until(text: str, now: float | None) -> float | None:
    then = _wall(text)
    return None if then is None or now is None else then - now


def _wall(date: str) -> float | None:
    """The Unix time of an HTTP date."""
    try:
        parsed: datetime = parsedate_to_datetime(date)
        return parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


DURATION = re.compile(
    r"""(?:([0-9]+)d)?
        (?:([0-9]+)h)?
        (?:([0-9]+)m)?
        (?:([0-9]+\.?[0-9]*)s)?
        (?:([0-9]+\.?[0-9]*)ms)?""",
    re.VERBOSE,
)
UNITS = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)


def duration(text: str) -> float | None:
    """Seconds in a duration as headers write it: `2ms`, `1m30s`, `17.4s`; `7` is seconds."""
    if not text:
        return None
    if found := DURATION.fullmatch(text):
        parts = zip(found.groups(), UNITS, strict=True)
        seconds: float | None = sum(float(part) * unit for part, unit in parts if part)
    else:
        seconds = _number(text, 1)
    return seconds if seconds is not None and 0 <= seconds < inf else None


def _spelled(*subjects: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(f"x-ratelimit-{part}{subject}" for subject in subjects)
        for part in ("limit", "remaining", "reset")
    )


REQUESTS = _spelled("-requests", "-req-minute", "-requests-minute", "")
TOKENS = _spelled("-tokens", "-tokens-minute")
"""The headers of limit, rest and reset: as OpenAI spells them, Mistral, Hugging Face, Together."""

LIMITS = frozenset(name for names in (*REQUESTS, *TOKENS) for name in names)
UNTOLD = RateLimits()


def openai_limits(headers: Mapping[str, str]) -> RateLimits:
    """The quota in the `x-ratelimit-*` headers of OpenAI and its kin.

    `reset` is when what is used up comes back; where nothing is, when all is whole again.
    """
    if LIMITS.isdisjoint(headers):
        return UNTOLD
    requests, tokens = _quota(headers, REQUESTS), _quota(headers, TOKENS)
    spent = [quota for quota in (requests, tokens) if quota[1] == 0] or [requests, tokens]
    return RateLimits(
        requests_limit=requests[0],
        requests_remaining=requests[1],
        tokens_limit=tokens[0],
        tokens_remaining=tokens[1],
        reset=max((reset for _, _, reset in spent if reset is not None), default=None),
    )


def _quota(
    headers: Mapping[str, str], names: tuple[tuple[str, ...], ...]
) -> tuple[int | None, int | None, float | None]:
    """The limit, what remains of it, and seconds until its reset."""
    limit, remaining, reset = (_first(headers, spellings) for spellings in names)
    return _count(limit), _count(remaining), duration(reset)


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        if text := headers.get(name):
            return text
    return ""


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 20 else None
