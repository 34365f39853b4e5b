"""Frames of Amazon's event stream: found at every split, damage noticed, exceptions raised."""

import random
from binascii import crc32
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bedrock_frames import Frame, FrameScanner
from providers.errors import BrokenAnswer, ProviderError, RateLimited, UpstreamFailed
from tests.providers.frames import event, exception, frame

STREAM = [event("a", {"x": 1}), event("b", {"y": "é"}), event("c", {})]
FOUND = [Frame(b'{"a":{"x": 1}}'), Frame(b'{"b":{"y": "\\u00e9"}}'), Frame(b'{"c":{}}')]


@given(st.lists(st.integers(0, len(b"".join(STREAM)))))
def test_frames_are_found_however_they_are_split(cuts: list[int]) -> None:
    """And each only once."""
    data, scanner = b"".join(STREAM), FrameScanner()
    ends = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(ends)]
    assert [found for piece in pieces for found in scanner.feed(piece)] == FOUND
    assert ([*scanner.finish()], scanner.rest()) == ([], b"")


def test_damage_is_noticed_wherever_it_is() -> None:
    """By checksums; never as another exception than ours."""
    data = STREAM[0]
    for at in range(len(data)):
        damaged = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(BrokenAnswer):
            assert [*FrameScanner().feed(damaged + STREAM[1])] == "no frame"


def test_bytes_that_are_no_frames_break_the_answer() -> None:
    """Whatever they are."""
    rng = random.Random(5)
    for _ in range(200):
        with pytest.raises(BrokenAnswer):
            [*FrameScanner().feed(rng.randbytes(200))]


def test_a_header_that_cannot_be_read_breaks_the_answer() -> None:
    """Though the checksums fit."""
    good = frame({"x": "y"}, b"{}")
    assert good[12:15] == b"\x01x\x07"
    for kind in (b"\x63", b"\x05"):
        bad = good[:14] + kind + good[15:-4]
        with pytest.raises(BrokenAnswer):
            [*FrameScanner().feed(bad + crc32(bad).to_bytes(4, "big"))]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (exception("throttlingException", "slow down"), RateLimited, "slow down"),
        (exception("modelStreamErrorException", "broke"), UpstreamFailed, "broke"),
        (
            frame({":message-type": "error", ":error-code": "x", ":error-message": "y"}, b""),
            UpstreamFailed,
            "y",
        ),
        (frame({":message-type": "exception"}, b""), UpstreamFailed, "500"),
    ],
)
def test_an_exception_is_raised_in_its_place(
    data: bytes, error: type[ProviderError], message: str
) -> None:
    """After what came before it."""
    scanner = FrameScanner()
    found = scanner.feed(STREAM[0] + data)
    assert next(found) == FOUND[0]
    with pytest.raises(error, match=message):
        next(found)
