"""Azure: OpenAI's bodies under a deployment's path, and the recorded requests are written as they were."""

import json
from pathlib import Path

import pytest

from gateway.wire import read_chat
from providers.azure import API_VERSION, Azure
from providers.errors import ModelMissing, RequestRejected
from providers.types import EmbedCall, Secret
from tests.providers.corpus import SHARED, Exchange, load

BODY = {"model": "m", "messages": [{"role": "user", "content": "x"}], "novelty": 1}
DEPLOYED = [
    one
    for one in load(SHARED, "azure")
    if "/openai/deployments/" in one.url and "messages" in (one.request_body or {})
]


def test_the_recordings_are_here(shared: Path) -> None:
    """CI has them: without them the test below would pass by not running."""
    assert shared == SHARED
    assert len(DEPLOYED) >= 3


def test_a_model_is_a_deployment_in_the_path() -> None:
    """The key goes in Azure's own header."""
    request = Azure().encode(read_chat(BODY), "my gpt/4o")
    path = "/openai/deployments/my%20gpt%2F4o/chat/completions"
    assert request.path == f"{path}?api-version={API_VERSION}"
    assert json.loads(request.body) == {**BODY, "model": "my gpt/4o"}
    assert Azure().credentials(Secret("k")) == (("api-key", "k"),)


def test_embeddings_have_their_own_path() -> None:
    """And a version may be given."""
    call = EmbedCall("m", ("x",), {"model": "m", "input": "x"})
    request = Azure("2025-01-01-preview").encode(call, "ada")
    assert request.path == "/openai/deployments/ada/embeddings?api-version=2025-01-01-preview"


@pytest.mark.parametrize("one", DEPLOYED, ids=str)
def test_recorded_requests_are_written_as_they_were(one: Exchange) -> None:
    """Path, version and every member; of streams, that usage is asked for."""
    path, _, version = one.url.partition("?api-version=")
    deployment = path.split("/")[-3]
    request = Azure(version).encode(read_chat(one.request_body), deployment)
    assert request.path == one.url.replace("//", "/")
    usage = {"stream_options": {"include_usage": True}} if one.request_body.get("stream") else {}
    written = {**one.request_body, **usage, "model": deployment}
    assert json.loads(request.body) == written


def test_what_the_filter_withheld_is_a_rejected_request_with_its_reason() -> None:
    """The client is told why, and no other key is tried."""
    error = {"code": "content_filter", "message": "filtered", "type": None, "innererror": {}}
    found = Azure().error(400, {}, json.dumps({"error": error}).encode())
    assert isinstance(found, RequestRejected)
    assert found.code == "content_filter"
    missing = {"code": "DeploymentNotFound", "message": "no such deployment"}
    assert isinstance(Azure().error(404, {}, json.dumps({"error": missing}).encode()), ModelMissing)


def test_deployments_cannot_be_listed() -> None:
    """What is listed can be deployed, and is not: models are named in the configuration."""
    assert Azure().list_models().path == f"/openai/models?api-version={API_VERSION}"
    assert Azure().read_models(b'{"data":[{"id":"gpt-4o"}]}') == ((), None)
