"""The official Node SDK on the documented calls."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gateway_process import RunningGateway

FOLDER = Path(__file__).parent / "node"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules" / "openai").is_dir(),
        reason="the openai package for Node is not installed (npm ci in tests/clients/node)",
    ),
]


def test_the_node_sdk_works_unchanged(served: RunningGateway, key: str) -> None:
    """Chat, responses, streams, embeddings, models and the error classes, with base URL and key alone."""
    command = ["node", "client.mjs", f"{served.base_url}/v1", key]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr.decode()
    seen = json.loads(done.stdout)
    assert seen["content"]
    assert seen["total"] > 0
    assert seen["pieces"] > 3
    assert "\ufffd" not in seen["text"]
    assert all(seen["responses"])
    assert seen["dimensions"] == 768
    assert "gemini-2.0-flash" in seen["models"]
    assert seen["errors"] == ["AuthenticationError", "NotFoundError", "BadRequestError"]


@pytest.mark.skipif(
    not (FOLDER / "node_modules" / "ws").is_dir(),
    reason="the ws package for Node is not installed (npm ci in tests/clients/node)",
)
def test_the_node_sdk_holds_a_realtime_session(served: RunningGateway) -> None:
    """In test mode: created, answered in text, closed."""
    assert served.test_key is not None
    command = ["node", "realtime.mjs", f"{served.base_url}/v1", served.test_key]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr.decode()
    heard = json.loads(done.stdout)
    assert heard["kinds"][0] == "session.created"
    assert heard["kinds"][-1] == "response.done"
    assert heard["text"]
    assert heard["code"] == 1000
