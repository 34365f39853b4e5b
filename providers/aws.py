"""AWS credentials, and the signature of one request with them: Signature Version 4, by botocore."""

import re
from datetime import UTC, datetime
from typing import Any, Self

import attrs

from providers.base import WireRequest

SERVICE = "bedrock"
EXTRA = "Bedrock needs more than is installed: pip install 'hedgerow[bedrock]'"
_KEY = re.compile(r"([A-Z0-9]{16,128}):([A-Za-z0-9/+=]{16,}?)(?::([!-~]+))?", re.ASCII)
_TIME = "%Y%m%dT%H%M%SZ"


@attrs.frozen
class AwsKey:
    """An access key for requests to one region; `session` is the token of one that is temporary."""

    access: str
    secret: str = attrs.field(repr=False)
    session: str | None = attrs.field(repr=False)
    region: str

    @classmethod
    def read(cls, written: str, region: str) -> Self | None:
        """The key written as `ACCESS:SECRET` or `ACCESS:SECRET:SESSION`; None where it is another thing."""
        found = _KEY.fullmatch(written)
        return cls(found[1], found[2], found[3], region) if found else None

    def sign(self, wire: WireRequest, base_url: str, now: float) -> tuple[tuple[str, str], ...]:
        """The fields that sign this request; `now` is a Unix time.

        Signed are method, path, body, host, time, and the fields of `wire`.
        """
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - an extra: nobody else has it
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        stamp = datetime.fromtimestamp(now, UTC).strftime(_TIME)
        dated = [("x-amz-date", stamp)]
        dated += [("x-amz-security-token", self.session)] if self.session else []
        request: Any = AWSRequest(
            method=wire.method,
            url=base_url + wire.path,
            data=wire.body,
            headers=dict((*wire.headers, *dated)),
        )
        request.context["timestamp"] = stamp
        signer: Any = SigV4Auth(Credentials(self.access, self.secret), SERVICE, self.region)
        return *dated, ("authorization", _authorization(signer, request))


def _authorization(signer: Any, request: Any) -> str:
    """What the signer's own `add_auth` writes, which asks for the time by itself."""
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    scope = signer.scope(request)
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


def load() -> None:
    """Loads what signing and decoding take, before there is a call that would wait for it.

    Raises:
        ValueError: it is not installed.
    """
    try:
        import botocore.auth  # noqa: PLC0415
        import botocore.eventstream  # noqa: F401, PLC0415
    except ImportError:
        raise ValueError(EXTRA) from None
