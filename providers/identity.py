"""Credentials that no request can simply carry: each request is signed, or needs a fresh token.

Values only; what is done with them is in `providers.authorized`.
"""

from typing import Protocol, TypeAlias, runtime_checkable

from providers.aws import AwsKey
from providers.base import Dialect
from providers.service_account import ServiceAccount
from providers.types import Secret

Identity: TypeAlias = AwsKey | ServiceAccount


@runtime_checkable
class Identifying(Protocol):
    """A dialect of which some credentials are no standing fields."""

    def identity(self, secret: Secret) -> Identity | None:
        """What requests are authenticated with; None where `credentials` has the fields.

        Raises:
            ValueError: the secret is no credential for this provider. The message holds nothing of it.
        """


def identity_of(dialect: Dialect, secret: Secret) -> Identity | None:
    """What requests are authenticated with, one by one; None where fields that stand do it."""
    return dialect.identity(secret) if isinstance(dialect, Identifying) else None
