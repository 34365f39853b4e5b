"""What can go wrong with an upstream, named by whose fault it is.

    ProviderError
    ├─ RequestRejected      the request itself is wrong (400, 413, 422): every upstream would say so
    ├─ ModelMissing         this upstream has no such model (404)
    ├─ CredentialRejected   the pooled key is invalid or forbidden (401, 403)
    ├─ QuotaExhausted       the pooled key's account is empty (402, insufficient_quota)
    ├─ RateLimited          too many calls for this key now (429)
    ├─ UpstreamFailed       the upstream broke (408, 409, 425, 5xx, 529)
    ├─ Unreachable          no connection, or it was lost before the first byte of the answer
    ├─ BrokenAnswer         an answer that is cut, malformed or empty
    └─ TimedOut             one of the five clocks ran out

Messages are safe to show to a client: they never hold a credential or an upstream's raw body.
"""

from typing import Literal, TypeAlias

Clock: TypeAlias = Literal["connect", "first_byte", "first_token", "idle", "total"]


class ProviderError(Exception):
    """Something between us and the end of an upstream's answer went wrong.

    `status` is the upstream's HTTP status, where there was one. `retry_after` is its advice in seconds.
    `code` and `param` are the upstream's own words for the reason, where it gave them.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.code = code
        self.param = param


class RequestRejected(ProviderError):
    """The request is wrong; trying elsewhere would not help."""


class ModelMissing(ProviderError):
    """This key's upstream does not know the model."""


class CredentialRejected(ProviderError):
    """The upstream does not accept the pooled key. Never the client's fault."""


class QuotaExhausted(ProviderError):
    """The account behind the key has no money or quota left: waiting a minute will not help."""


class RateLimited(ProviderError):
    """The key, or the domain it belongs to, must rest for `retry_after` seconds."""


class UpstreamFailed(ProviderError):
    """The upstream answered that it cannot answer now."""


class Unreachable(ProviderError):
    """No connection, or it broke before the first byte of the answer."""


class BrokenAnswer(ProviderError):
    """The answer is not what its protocol promises: cut short, malformed, empty."""


class TimedOut(ProviderError):
    """One of the five clocks ran out; `clock` says which."""

    def __init__(self, message: str, *, clock: Clock) -> None:
        super().__init__(message)
        self.clock: Clock = clock
