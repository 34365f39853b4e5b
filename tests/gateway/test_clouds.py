"""Clouds from the configuration file to the wire: `hedgerow check`, and calls to servers that verify them."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from gateway.config import Config
from gateway.config_errors import ConfigErrors
from gateway.config_file import load
from gateway.upstreams import connect
from gateway.wire import read_chat
from policies.target import Target
from providers.client import Exchange, HttpClient
from providers.types import Ended, Event, TextDelta
from tests.gateway_process import environment
from tests.providers.cloud import Cloud, account_file
from tests.providers.test_authorized import WALL, Google, bedrock
from tests.providers.test_aws import ACCESS, SECRET

FILE = """
[providers.aws]
kind = "bedrock"
region = "eu-west-1"
keys = ["env:AWS_ACCESS_KEY_ID"]
base_url = "{url}"

[providers.google]
kind = "vertex"
project = "a-project"
location = "europe-west4"
keys = ["file:robot.json"]
base_url = "{url}"
"""
ENVIRON = {"HOME": "/", "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
CALL = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def written(folder: Path, url: str, text: str = FILE) -> Path:
    """A configuration file, and the file of the service account beside it."""
    (folder / "robot.json").write_text(account_file(f"{url}/token"))
    file = folder / "hedgerow.toml"
    file.write_text(text.format(url=url))
    return file


@asynccontextmanager
async def served(cloud: Cloud) -> AsyncIterator[tuple[str, HttpClient]]:
    async with trio.open_nursery() as nursery:
        url = await nursery.start(cloud.serve)
        async with HttpClient(wall=lambda: WALL) as http:
            await nursery.start(http.run)
            yield url, http
            nursery.cancel_scope.cancel()


async def answer(http: HttpClient, config: Config, target: Target, *, stream: bool) -> str:
    call, events = read_chat({**CALL, "stream": stream}), list[Event]()
    upstream = connect(config, None).find(target)
    async with Exchange(http, upstream, call, target.model, connect=2.0) as exchange:
        await exchange.start()
        while batch := await exchange.receive():
            events += batch
    assert isinstance(events[-1], Ended)
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_configured_bedrock_verifies_our_signature(tmp_path: Path) -> None:
    """The access key is taken from AWS's own variables, the region from the file."""
    cloud = Cloud(bedrock)
    async with served(cloud) as (url, http):
        config = load(written(tmp_path, url), ENVIRON)
        target = Target("aws-1", "aws", "aws", "amazon.nova-lite-v1:0")
        assert await answer(http, config, target, stream=True) == "hello"
    assert "/eu-west-1/bedrock/" in cloud.asked[0].fields["authorization"]


@pytest.mark.parametrize("model", ["gemini-3-pro", "claude-opus-4@20260101"])
async def test_a_configured_vertex_verifies_our_assertion(tmp_path: Path, model: str) -> None:
    """Either family of models, each in its own form, with a token of the file's account."""
    cloud = Cloud(Google())
    async with served(cloud) as (url, http):
        config = load(written(tmp_path, url), ENVIRON)
        target = Target("google-1", "google", "google", model)
        assert await answer(http, config, target, stream=False) == "hello"
    publisher = "google" if model.startswith("gemini") else "anthropic"
    start = (
        f"/v1beta1/projects/a-project/locations/europe-west4/publishers/{publisher}/models/{model}:"
    )
    assert cloud.asked[-1].target.startswith(start)


def test_check_accepts_the_file_and_shows_no_secret(tmp_path: Path) -> None:
    """As its operator runs it."""
    file = written(tmp_path, "https://cloud.example")
    found = subprocess.run(
        [sys.executable, "-m", "gateway", "check", "--config", str(file), "--json"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env=environment(tmp_path, ENVIRON),
        text=True,
    )
    assert found.returncode == 0, found.stderr
    summary = json.loads(found.stdout)
    assert summary["keys"] == ["aws-1", "google-1"]
    assert summary["warnings"] == []
    assert SECRET not in found.stdout + found.stderr


@pytest.mark.parametrize(
    ("kind", "key", "module", "extra"),
    [
        ('kind = "bedrock"\nregion = "x"', "ABSKkey", "botocore", "hedgerow[bedrock]"),
        ('kind = "vertex"\nproject = "p"', "file:robot.json", "jwt", "hedgerow[vertex]"),
    ],
)
def test_check_names_the_extra_that_is_missing(
    tmp_path: Path, kind: str, key: str, module: str, extra: str
) -> None:
    """In a program that cannot import it: what pip is to be told, and no traceback."""
    file = written(tmp_path, "https://cloud.example", f'[providers.x]\n{kind}\nkeys = ["{key}"]')
    without = f"import sys; sys.modules[{module!r}] = None; from gateway.cli import main; main()"
    found = subprocess.run(
        [sys.executable, "-c", without, "check", "--config", str(file)],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env=environment(tmp_path),
        text=True,
    )
    assert found.returncode == 2
    assert "providers.x.keys[0]" in found.stderr + found.stdout
    assert extra in found.stderr + found.stdout
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ('kind = "vertex"\nkeys = ["file:robot.json"]', "keys[0]", "needs a project"),
        ('kind = "vertex"\nproject = "p"\nkeys = ["file:other.json"]', "keys[0]", "not the JSON"),
        ('kind = "openai"\nkeys = ["sk-x", "file:robot.json"]', "keys[1]", "kind vertex"),
        (f'kind = "bedrock"\nregion = "x"\nkeys = ["{ACCESS}"]', "keys[0]", "with its secret"),
    ],
)
def test_a_key_that_its_kind_cannot_use_is_a_mistake_at_its_place(
    tmp_path: Path, text: str, path: str, why: str
) -> None:
    """And not the first call's surprise."""
    (tmp_path / "other.json").write_text('{"type": "authorized_user"}')
    with pytest.raises(ConfigErrors) as found:
        load(written(tmp_path, "https://cloud.example", f"[providers.x]\n{text}"), ENVIRON)
    [error] = found.value.errors
    assert error.path == f"providers.x.{path}"
    assert why in error.message
    assert ACCESS not in str(error)
