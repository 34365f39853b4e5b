"""The command line offline and beside a running server, and what it says when it cannot do as it is told."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from state import look
from state.projects import new_project
from state.store import Store
from tests.gateway_process import RunningGateway, create_project, environment, gateway, hedgerow

SEEN_WITHIN = 1.0
"""Seconds until a running server knows of a change that a command has reported."""

BROKEN = """
[server]
bnd = "127.0.0.1:0"
[providers.one]
kind = "gemni"
keys = ["raw-key"]
[models.m]
targets = ["two"]
[policies.p]
hedge = { quantile = 2.0 }
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGateway, Path]]:
    """One running gateway, and the home that commands share with it."""
    home = tmp_path_factory.mktemp("beside")
    with gateway(home=home) as running:
        yield running, home


def status(running: RunningGateway, key: str) -> int:
    """What the server answers to this key now."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{running.base_url}/v1/models", headers=headers, trust_env=False).status_code


def seconds_until(running: RunningGateway, key: str, wanted: int) -> float:
    """How long it takes from now until the server answers so to this key; at most five seconds."""
    began = time.monotonic()
    while status(running, key) != wanted and time.monotonic() - began < 5.0:
        time.sleep(0.02)
    return time.monotonic() - began


def told_in_one_line(said: str) -> bool:
    """Whether it is one line for people, and no traceback."""
    return said.startswith("hedgerow: ") and said.count("\n") == 1 and "Traceback" not in said


def test_offline_a_project_lives_and_dies(tmp_path: Path) -> None:
    """Created, rotated, revoked and listed with no server anywhere; each command sees those before it."""
    keys = create_project("demo", "--models", "gemini-*", "--models", "gpt-*", home=tmp_path)
    rotated = json.loads(hedgerow("project", "rotate", "demo", "--json", home=tmp_path).stdout)
    revoked = hedgerow("project", "revoke", "demo", "--json", home=tmp_path)
    (after,) = json.loads(hedgerow("project", "list", "--json", home=tmp_path).stdout)

    assert set(keys) == {"project", "live_key", "test_key"}
    assert keys["project"] == rotated["project"] == "demo"
    assert keys["live_key"].startswith("pk_live_")
    assert keys["test_key"].startswith("pk_test_")
    assert not set(keys.values()) & set(rotated.values()) - {"demo"}
    assert (revoked.returncode, json.loads(revoked.stdout)["project"]) == (0, "demo")
    assert (after["project"], after["models"]) == ("demo", ["gemini-*", "gpt-*"])
    assert (after["revoked"], after["keys"], after["requests"]) == (True, [], 0)


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where nothing runs, with a project called `taken`."""
    home = tmp_path_factory.mktemp("offline")
    write_projects(home, "taken")
    return home


def write_projects(home: Path, *names: str) -> None:
    """Writes projects as the command does, without its start-up time."""
    with Store.open(home / "state", writer="cli") as store:
        for name in names:
            store.commit_now(*new_project(store.indexes, name, ["*"])[0])


def test_people_are_told_the_same(offline: Path) -> None:
    """Without `--json`: the keys stand in what is printed once, and never again."""
    created = hedgerow("project", "create", "demo", home=offline).stdout
    listed = hedgerow("project", "list", home=offline).stdout

    assert "pk_live_" in created
    assert "pk_test_" in created
    assert {"demo", "taken"} <= set(re.findall(r"\w+", listed))
    assert "pk_live_" not in listed


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "taken"),
        ("create", "no good name"),
        ("revoke", "nobody"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(offline: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 1, nothing on standard output, and the name in the message."""
    done = hedgerow("project", *arguments, home=offline)

    assert (done.returncode, done.stdout) == (1, "")
    assert told_in_one_line(done.stderr), done.stderr
    assert arguments[1] in done.stderr


def test_a_running_server_sees_changes_within_a_second(served: tuple[RunningGateway, Path]) -> None:
    """A new key works, a rotated one is replaced, a revoked one refused: live and test alike."""
    running, home = served
    keys = create_project("beside", home=home)
    assert seconds_until(running, keys["live_key"], 200) <= SEEN_WITHIN
    assert status(running, keys["test_key"]) == 200

    rotated = json.loads(hedgerow("project", "rotate", "beside", "--json", home=home).stdout)
    assert seconds_until(running, keys["live_key"], 401) <= SEEN_WITHIN
    assert status(running, keys["test_key"]) == 401
    assert seconds_until(running, rotated["live_key"], 200) <= SEEN_WITHIN

    hedgerow("project", "revoke", "beside", home=home)
    assert seconds_until(running, rotated["live_key"], 401) <= SEEN_WITHIN


def test_the_globs_of_a_project_hold_at_once(served: tuple[RunningGateway, Path]) -> None:
    """What `--models` admits is all that the key may see."""
    running, home = served
    key = create_project("globs", "--models", "claude-*", home=home)["test_key"]
    assert seconds_until(running, key, 200) <= SEEN_WITHIN

    models = httpx.get(
        f"{running.base_url}/v1/models", headers={"X-API-Key": key}, trust_env=False
    ).json()["data"]

    assert {model["id"] for model in models} == {"claude-sonnet-4-5"}


def test_the_command_line_sees_what_the_server_counted(
    served: tuple[RunningGateway, Path],
) -> None:
    """A request that was answered is in `project list` when the next command runs."""
    running, home = served
    requests, tokens = used(home)
    tokens += chat(running, running.live_key)

    after = listed(home)
    assert (after["requests"], after["completion_tokens"]) == (requests + 1, tokens)


def test_a_second_gateway_works_beside_the_first(served: tuple[RunningGateway, Path]) -> None:
    """On the same state, with a log of its own: the same keys work, and what both served is counted."""
    first, home = served
    requests, tokens = used(home)
    with gateway(home=home) as second:
        assert second.live_key is None, "there is a project already"
        tokens += chat(second, first.live_key)
        tokens += chat(first, first.live_key)
        key = create_project("shared", home=home)["test_key"]
        assert max(seconds_until(each, key, 200) for each in (first, second)) <= SEEN_WITHIN
        assert second.stop() == 0

    assert used(home) == (requests + 2, tokens)
    assert {"serve", "serve-2", "cli"} <= {log.name for log in (home / "state" / "logs").iterdir()}


def test_a_restart_brings_everything_back(tmp_path: Path) -> None:
    """Projects, keys and usage: the old key works, nothing else is listed than before, and counting goes on."""
    with gateway(home=tmp_path) as running:
        key = running.live_key
        tokens = chat(running, key)
        assert running.stop() == 0
    before = listed(tmp_path)

    with gateway(home=tmp_path) as running:
        assert "pk_live_" not in running.banner
        tokens += chat(running, key)
        assert running.stop() == 0

    after = listed(tmp_path)
    assert before["requests"] == 1
    assert after == before | {
        "requests": 2,
        "prompt_tokens": 2 * before["prompt_tokens"],
        "completion_tokens": tokens,
    }


def chat(running: RunningGateway, key: str | None) -> int:
    """Asks for a short answer; gives how many tokens it had."""
    call = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Merhaba"}],
        "max_tokens": 3,
    }
    url = f"{running.base_url}/v1/chat/completions"
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(url, json=call, headers=headers, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["usage"]["completion_tokens"])


def listed(home: Path) -> dict[str, Any]:
    """What `project list` says of the first project."""
    rows = json.loads(hedgerow("project", "list", "--json", home=home).stdout)
    (default,) = [row for row in rows if row["project"] == "default"]
    return dict(default)


def used(home: Path) -> tuple[int, int]:
    """The requests and completion tokens of the first project that the journal tells of."""
    total = look(home / "state").indexes.total("default")
    return total.requests, total.completion_tokens


def test_check_says_yes_or_everything_that_is_wrong(tmp_path: Path) -> None:
    """Exit code 0 for what can be served; 2 with every mistake at once, each with its place."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('[providers.one]\nkind = "openai"\nkeys = ["raw-key"]\n')
    bad.write_text(BROKEN)

    fine = hedgerow("check", "--config", str(good), "--json", home=tmp_path)
    refused = hedgerow("check", "--config", str(bad), home=tmp_path)

    assert (fine.returncode, json.loads(fine.stdout)["valid"]) == (0, True)
    assert (refused.returncode, refused.stdout) == (2, "")
    for place in (
        "server.bnd",
        "providers.one.kind",
        "models.m.targets",
        "policies.p.hedge.quantile",
    ):
        assert place in refused.stderr
    assert '"gemini"' in refused.stderr, "a suggestion"
    assert "raw-key" not in fine.stdout + refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_example_of_the_design_is_accepted(tmp_path: Path, shared: Path) -> None:
    """Its file, given the two providers that it names but does not write and the variables that it reads."""
    design = (shared / "DESIGN.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", design, re.DOTALL)
    example = example.replace('base_url = "https://…"', 'base_url = "https://gemini.test/v1beta"')
    missing = """
[providers.gemini-b]
kind = "gemini"
keys = ["env:GEMINI_B"]
[providers.openrouter]
kind = "openrouter"
keys = ["env:OPENROUTER_API_KEY"]
"""
    (tmp_path / "hedgerow.toml").write_text(example + missing)
    names = ("GEMINI_API_KEY", "GEMINI_API_KEY_2", "GEMINI_B", "OPENROUTER_API_KEY")
    secrets = {name: f"secret-{number}" for number, name in enumerate(names)}

    done = subprocess.run(
        [sys.executable, "-m", "gateway", "check", "--json"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env=environment(tmp_path, secrets),
        timeout=60,
    )

    assert done.returncode == 0, done.stderr.decode()
    said = json.loads(done.stdout)
    assert said["keys"] == ["gemini-a-1", "gemini-a-2", "gemini-b-1", "openrouter-1"]
    assert (said["models"], said["projects"]) == (["gemini-2.0-flash"], ["demo"])
    assert b"secret-" not in done.stdout + done.stderr


@pytest.mark.parametrize("verb", ["serve", "sim"])
def test_a_port_in_use_is_told_in_a_line(tmp_path: Path, verb: str) -> None:
    """Exit code 1 and the address; and no project was made, as nobody would ever see its keys."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = hedgerow(verb, "--bind", address, home=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert told_in_one_line(done.stderr), done.stderr
    assert address in done.stderr
    with Store.open(tmp_path / "state") as store:
        assert not store.indexes.projects


@pytest.mark.parametrize("verb", [("serve", "--bind", "127.0.0.1:0"), ("project", "list")])
def test_a_damaged_journal_is_refused_with_its_place(tmp_path: Path, verb: tuple[str, ...]) -> None:
    """A record in the middle that is not as written: file, line, exit 1, and nothing was changed."""
    write_projects(tmp_path, "one", "two", "three")
    (segment,) = (tmp_path / "state" / "logs" / "cli").glob("*.jsonl")
    damaged = segment.read_bytes().replace(b'"two"', b'"tvo"')
    segment.write_bytes(damaged)

    done = hedgerow(*verb, home=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert told_in_one_line(done.stderr), done.stderr
    assert f"{segment.name}, line 5" in done.stderr
    assert segment.read_bytes() == damaged
