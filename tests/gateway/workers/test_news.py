"""Lines between workers."""

import msgspec
import pytest

from gateway.workers import news
from gateway.workers.news import (
    HUB,
    OTHERS,
    AllUp,
    Count,
    Counted,
    Found,
    Joined,
    Left,
    Message,
    Met,
    Up,
    Used,
)
from policies.rest import Drained, Lifted, Rested
from policies.shared import Levels, Use

MESSAGES: list[Message] = [
    Up("a banner\nof two lines"),
    AllUp(),
    Joined(3),
    Left(3),
    Used([(("demo", None), Use(1, 2, 3, 4, 5)), (("demo", "0123abcd"), Use())]),
    Met([(("müşteri", None), Use(1), Levels(1.5, 0.0))]),
    Found(
        [Rested(("cooling", "org", "m"), "cooling", 1.0, 2.0, 3)],
        [Lifted(("ejected", "k"), 1.0)],
        [Drained("k", True)],
    ),
    Count(1),
    Counted(1, [("hedgerow_requests", "hedgerow_requests_total", {"model": "m"}, 2.0)]),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("address", [HUB, OTHERS, 12])
def test_what_is_written_is_read(message: Message, address: int) -> None:
    """Each on one line, with the address that it was given."""
    written = news.line(address, message)
    assert written.count(b"\n") == 1
    read_address, rest = news.whom(written.rstrip(b"\n"))
    assert read_address == address
    assert news.read(rest) == message


def test_what_is_no_message_is_refused() -> None:
    """No message of another version is half understood."""
    with pytest.raises(msgspec.DecodeError):
        news.read(b'{"type":"gossip"}')
