"""Which credentials stand in a header, and which are used anew for each request."""

import pytest

from providers.aws import AwsKey
from providers.base import Dialect
from providers.bedrock import Bedrock
from providers.identity import identity_of
from providers.openai import OpenAI
from providers.service_account import ServiceAccount
from providers.types import Secret
from providers.vertex import Vertex
from providers.vertex_claude import VertexClaude
from tests.providers.cloud import account_file
from tests.providers.test_aws import ACCESS, SECRET

ACCOUNT = account_file("https://oauth2.example/token")


@pytest.mark.parametrize(
    ("dialect", "written", "kind"),
    [
        (OpenAI(), "sk-key", None),
        (Bedrock(), "ABSKkey", None),
        (Bedrock("eu-west-1"), f"{ACCESS}:{SECRET}", AwsKey),
        (Vertex(), "AIzakey", None),
        (Vertex("p"), "ya29.token", None),
        (Vertex("p"), ACCOUNT, ServiceAccount),
        (VertexClaude("p"), ACCOUNT, ServiceAccount),
    ],
)
def test_a_secret_has_fields_or_an_identity_and_never_both(
    dialect: Dialect, written: str, kind: type | None
) -> None:
    """Whichever its form says."""
    identity = identity_of(dialect, Secret(written))
    assert (type(identity) is kind) if kind else identity is None
    assert bool(dialect.credentials(Secret(written))) == (kind is None)


@pytest.mark.parametrize(
    ("dialect", "written", "why"),
    [
        (Bedrock(), ACCESS, "with its secret"),
        (Bedrock(), f"{ACCESS}:short", "with its secret"),
        (Vertex(), ACCOUNT, "needs a project"),
        (Vertex(), "ya29.token", "needs a project"),
        (Vertex("p"), "{}", "not the JSON file"),
    ],
)
def test_what_is_no_credential_is_told(dialect: Dialect, written: str, why: str) -> None:
    """Without repeating it."""
    with pytest.raises(ValueError, match=why) as refused:
        identity_of(dialect, Secret(written))
    assert ACCESS not in str(refused.value)


def test_an_access_key_signs_for_its_region() -> None:
    """The dialect's."""
    identity = identity_of(Bedrock("eu-west-1"), Secret(f"{ACCESS}:{SECRET}"))
    assert isinstance(identity, AwsKey)
    assert identity.region == "eu-west-1"
