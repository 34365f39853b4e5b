"""Peers as they are told on the command line."""

import pytest

from benchmarks.overhead.subjects import UnusablePeer, peer


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
