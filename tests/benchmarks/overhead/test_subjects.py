"""Peers as they are told on the command line."""

from pathlib import Path

import pytest

from benchmarks.overhead.subjects import UnusablePeer, peer, settings
from gateway.environment import load_config


def test_a_peer_has_a_name_an_address_and_headers() -> None:
    """Headers may hold what separates other things."""
    told = peer("other=http://127.0.0.1:9/v1,authorization=Bearer a=b,x-route=1")
    assert (told.name, told.url, told.pid) == ("other", "http://127.0.0.1:9/v1", None)
    assert told.headers == {"authorization": "Bearer a=b", "x-route": "1"}


@pytest.mark.parametrize(
    "told", ["", "other", "=http://h:1/v1", "a=https://h:1/v1", "a=http://h/v1", "a=http://h:1,b"]
)
def test_what_is_no_peer_is_refused(told: str) -> None:
    """With the form that is wanted."""
    with pytest.raises(UnusablePeer, match="name"):
        peer(told)


@pytest.mark.parametrize("keys", [1, 8, 10, 500])
def test_keys_are_spread_over_eight_domains(tmp_path: Path, keys: int) -> None:
    """As many as asked for, as evenly as they go, in a configuration without a mistake."""
    file = tmp_path / "hedgerow.toml"
    file.write_text(settings(tmp_path, "http://127.0.0.1:9/v1", keys=keys, projects=("a", "b")))
    config = load_config(file, {}, tmp_path)
    held = [len(provider.keys) for provider in config.providers]
    assert len(held) == min(keys, 8)
    assert sum(held) == keys
    assert max(held) - min(held) <= 1
    assert {project.name for project in config.projects} == {"a", "b"}
