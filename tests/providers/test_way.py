"""How an upstream is reached, told to people."""

import pytest

from providers.way import STRAIGHT, Way


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (STRAIGHT, "straight"),
        (Way(http2=True), "over HTTP/2"),
        (Way(unix="/run/x.sock"), "through /run/x.sock"),
        (Way(proxy="http://me:secret@proxy:3128"), "by the proxy proxy:3128"),
    ],
)
def test_a_way_is_told_without_its_secrets(way: Way, words: str) -> None:
    """In logs and to people."""
    assert str(way) == words
    assert "secret" not in repr(way)
