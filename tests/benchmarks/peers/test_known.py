"""Starting other gateways, and what is said of those that do not start."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.overhead.rounds import saturation, send
from benchmarks.peers.command import free_port
from benchmarks.peers.environments import Unusable
from benchmarks.peers.known import LITELLM, PEERS, PORTKEY, Peer
from tests.benchmarks.peers.fakes import stand_in

UPSTREAM = "http://127.0.0.1:9/v1"


async def started(peer: Peer, folder: Path) -> str:
    """Runs the peer, asks it a while and stops it; gives its name."""
    port = free_port()
    async with peer.running(folder, folder, port, UPSTREAM, {0}) as subject:
        assert subject.url == f"http://127.0.0.1:{port}/v1"
        outcome = await send(saturation(subject, 0.1))
        assert (outcome.answered > 0, outcome.failed) == (True, 0)
        return subject.name


async def test_a_peer_is_up_when_it_has_answered(tmp_path: Path) -> None:
    """And is named with its version."""
    assert await started(stand_in(), tmp_path) == "stand-in 1.0"


async def test_a_peer_that_ends_is_told_of_with_its_last_words(tmp_path: Path) -> None:
    """Instead of being waited for."""
    peer = stand_in(command=[sys.executable, "-c", "exit('no such option')"])
    with pytest.raises(Unusable, match="it ended: no such option"):
        await started(peer, tmp_path)


async def test_a_peer_that_never_listens_is_given_up(tmp_path: Path) -> None:
    """After its patience."""
    peer = stand_in(command=[sys.executable, "-c", "import time; time.sleep(60)"], patience=1.0)
    with pytest.raises(Unusable, match="it did not listen"):
        await started(peer, tmp_path)


def test_litellm_is_told_of_every_model_and_of_a_key(tmp_path: Path) -> None:
    """In a file that is JSON, and so YAML."""
    start = LITELLM.start(tmp_path / "installed", tmp_path, 4000, UPSTREAM)
    told = json.loads((tmp_path / "litellm.yaml").read_text())
    models = {model["model_name"]: model["litellm_params"] for model in told["model_list"]}
    assert models["say-1x0"]["api_base"] == UPSTREAM
    assert LITELLM.headers(UPSTREAM)["authorization"].endswith(
        told["general_settings"]["master_key"]
    )
    assert start.command[0] == str(tmp_path / "installed" / "bin" / "litellm")
    assert start.command[start.command.index("--port") + 1] == "4000"


def test_portkey_is_told_with_every_request_where_to_go(tmp_path: Path) -> None:
    """It has no configuration."""
    assert PORTKEY.headers(UPSTREAM)["x-portkey-custom-host"] == UPSTREAM
    assert "--port=4000" in PORTKEY.start(tmp_path, tmp_path, 4000, UPSTREAM).command
    home = tmp_path / "node_modules" / "@portkey-ai" / "gateway"
    home.mkdir(parents=True)
    (home / "package.json").write_text('{"version": "1.2.3"}')
    assert PORTKEY.version(tmp_path) == "1.2.3"


def test_known_peers_go_by_their_names() -> None:
    """As the command line has them."""
    assert PEERS == {"litellm": LITELLM, "portkey": PORTKEY}
