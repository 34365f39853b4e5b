"""An experiment on a running gateway, from its start to the policy that is applied."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.gateway_process import RunningGateway, gateway, hedgerow

CONFIG = """
[providers.slow]
kind = "simulator"
[models.fast]
targets = ["slow/gpt-4o-mini"]
policy = "none"
[policies.none]
hedge = { policy = "off" }
[policies.now]
hedge = { policy = "fixed", delay = "1ms", min_delay = "1ms", budget = 1.0, min_win_prob = 0.0 }
"""

pytestmark = pytest.mark.slow


def ask(running: RunningGateway, count: int, model: str) -> list[str]:
    """So many requests, eight at a time: whether each was hedged, as its headers tell."""
    headers = {"Authorization": f"Bearer {running.live_key}"}
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}

    def one(_: int) -> str:
        url = f"{running.base_url}/v1/chat/completions"
        answer = httpx.post(url, json=body, headers=headers, timeout=30, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.headers["x-hedgerow-hedged"]

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(count)))


def test_a_running_gateway_takes_part_without_a_restart_and_keeps_what_was_applied(
    tmp_path: Path,
) -> None:
    """Started by a command, half of the requests are the candidate's; applied, all are, also after a restart;
    taken back, none is."""
    (tmp_path / "hedgerow.toml").write_text(CONFIG)
    with gateway(home=tmp_path) as running:
        model = "fast"
        start = ("experiment", "start", "try", "--policy", "now", "--model", model)
        assert "too few to know what is late" in hedgerow(*start, home=tmp_path).stderr
        assert hedgerow(*start, "--threshold", "30s", home=tmp_path).returncode == 0
        assert "runs already" in hedgerow(*start, "--threshold", "30s", home=tmp_path).stderr
        time.sleep(1.0)

        hedged = [answer != "no" for answer in ask(running, 120, model)]

        assert 30 < sum(hedged) < 90
        told = json.loads(hedgerow("experiment", "status", "try", "--json", home=tmp_path).stdout)
        sides = {side["side"]: side for side in told[0]["sides"]}
        assert sum(side["requests"] for side in sides.values()) == 120
        assert sides["candidate"]["extra"] > 0.5
        assert sides["incumbent"]["extra"] == 0.0
        assert hedgerow("experiment", "apply", "try", home=tmp_path).returncode == 0
        time.sleep(1.0)
        assert all(answer != "no" for answer in ask(running, 20, model))
        key = running.live_key
        assert running.stop() == 0
    with gateway(home=tmp_path) as again:
        running = RunningGateway(again.process, "", again.base_url, key, None)
        assert all(answer != "no" for answer in ask(running, 20, model))
        hedgerow("experiment", "apply", "try", "--revert", home=tmp_path)
        time.sleep(1.0)
        assert all(answer == "no" for answer in ask(running, 20, model))
