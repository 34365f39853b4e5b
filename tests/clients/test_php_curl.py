"""PHP's curl extension on the documented calls."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gateway_process import RunningGateway

SCRIPT = Path(__file__).parent / "php" / "client.php"


def _has_php_curl() -> bool:
    if shutil.which("php") is None:
        return False
    listed = subprocess.run(["php", "-m"], capture_output=True, check=False, text=True)
    return "curl" in listed.stdout.split()


pytestmark = pytest.mark.skipif(not _has_php_curl(), reason="php with curl is not installed")


def test_php_curl_works_unchanged(served: RunningGateway, key: str) -> None:
    """Chat, stream, embeddings and a refused key, as in the documentation's PHP examples."""
    command = ["php", str(SCRIPT), f"{served.base_url}/v1", key]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr.decode()
    seen = json.loads(done.stdout)
    assert (seen["status"], seen["refused"]) == (200, 401)
    assert seen["content"]
    assert seen["streamed"].rstrip().endswith("data: [DONE]")
    assert seen["dimensions"] == 768
    assert seen["error"] == "authentication_error"
