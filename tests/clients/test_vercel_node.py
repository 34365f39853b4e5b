"""The Vercel AI SDK with tools, whole and streamed, over every family of upstreams."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gateway_process import RunningGateway

FOLDER = Path(__file__).parent / "node"
MODELS = ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.0-flash"]

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules" / "ai").is_dir(),
        reason="the ai package for Node is not installed (npm ci in tests/clients/node)",
    ),
]


def test_its_tool_loop_runs_to_its_end(served: RunningGateway) -> None:
    """The model calls, the SDK runs the tool, the model answers: twice for each upstream."""
    assert served.live_key is not None
    command = ["node", "vercel.mjs", f"{served.base_url}/v1", served.live_key, *MODELS]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr.decode()
    for seen in json.loads(done.stdout):
        assert (seen["called"], seen["steps"], seen["finish"]) == (2, 2, "stop")
        assert seen["text"] > 0
        assert seen["pieces"] > 3
        assert seen["tokens"] > 0
