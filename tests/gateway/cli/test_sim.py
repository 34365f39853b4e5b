"""`hedgerow sim` as a process: made-up providers, and recorded ones."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_process import environment, hedgerow

BODY = {"model": "m", "messages": [{"role": "user", "content": "Merhaba"}]}
STREAM = 'data: {"a":1}\n\ndata: [DONE]\n\n'


@contextmanager
def sim(home: Path, *arguments: str) -> Iterator[tuple[str, str, "subprocess.Popen[str]"]]:
    """The program on a free port: its address, the first line that it said, and its process."""
    command = [sys.executable, "-m", "gateway", "sim", "--bind", "127.0.0.1:0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=home, env=environment(home)
    ) as process:
        try:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(2)]
            found = re.search(r"http://127\.0\.0\.1:\d+", "".join(said))
            assert found, said
            yield found[0], said[0], process
        finally:
            process.kill()


def post(url: str, body: Any) -> tuple[int, str]:
    """Status and body of an answer."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"authorization": "Bearer sk-1"}
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.status, response.read().decode()


def test_providers_are_made_up(tmp_path: Path) -> None:
    """Until it is told to stop; then it ends well."""
    with sim(tmp_path, "--profile", "instant") as (url, said, process):
        assert said.startswith("Simulated OpenAI http")
        status, body = post(f"{url}/v1/chat/completions", BODY)
        assert (status, json.loads(body)["model"]) == (200, "m")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_recorded_answers_are_given_again(tmp_path: Path) -> None:
    """All providers of the folder from one process, their streams cut as one likes."""
    file = tmp_path / "recorded" / "groq" / "chat" / "one.json"
    file.parent.mkdir(parents=True)
    exchange = {
        "kind": "recorded",
        "path": "/openai/v1/chat/completions",
        "request_body": BODY,
        "response_headers": {"content-type": "text/event-stream"},
        "response_body": STREAM,
    }
    file.write_text(json.dumps(exchange))
    options = ("--replay", "recorded", "--gap", "0.1ms", "--split", "3")
    with sim(tmp_path, *options) as (url, said, _):
        assert said == "Replaying recorded exchanges (1) of groq\n"
        assert post(f"{url}/groq/openai/v1/chat/completions", BODY) == (200, STREAM)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--replay", "nowhere"), "--replay: nowhere: there is no recording"),
        (("--replay", "bad"), "bad.json"),
        (("--replay", "bad", "--gap", "soon"), "--gap: expected a duration"),
        (("--replay", "bad", "--split", "0"), "--split: a piece has at least one byte"),
        (("--gap", "1ms", "--split", "1"), "--split: only with --replay"),
        (("--bind", "nonsense"), "--bind"),
    ],
)
def test_a_mistake_is_told_with_its_option(
    tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    """Exit code 2, before anything is served, and no traceback."""
    file = tmp_path / "bad" / "a" / "b" / "bad.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    done = hedgerow("sim", *options, home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
