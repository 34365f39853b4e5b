"""The load generator asks as it was told, and counts what comes."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import attrs
import msgspec
import pytest

from benchmarks.overhead.load import Order, Outcome, carry_out
from benchmarks.overhead.subjects import Subject
from tests.benchmarks.overhead.canned import canned


@pytest.fixture(scope="module")
def upstream() -> Iterator[Subject]:
    with canned() as running:
        yield running


def order(url: str, kind: str, **changes: object) -> Order:
    body = json.dumps({"model": changes.pop("model", "say-1x0"), "stream": kind == "streams"})
    made = Order(kind=kind, url=url, headers={}, body=body, clients=4)  # type: ignore[arg-type]
    return attrs.evolve(made, **changes)


def test_a_closed_loop_asks_again_and_again(upstream: Subject) -> None:
    """Many more answers than connections."""
    outcome = carry_out(order(upstream.url, "saturate", seconds=0.2))
    assert outcome.answered > 50
    assert outcome.failed == 0


def test_an_open_loop_asks_when_it_is_time(upstream: Subject) -> None:
    """Each request once, and no sooner than its schedule says."""
    outcome = carry_out(order(upstream.url, "paced", count=40, rate=200.0))
    assert (outcome.answered, outcome.failed, len(outcome.total)) == (40, 0, 40)
    assert outcome.elapsed > 0.1


def test_who_waits_for_a_connection_has_waited(upstream: Subject) -> None:
    """Latency counts from when a request was due, not from when it could be sent."""
    slow = order(upstream.url, "streams", model="say-40x1", clients=1, count=3)
    outcome = carry_out(slow)
    assert min(outcome.total) >= 0.035
    assert max(outcome.total) >= 0.1


def test_streams_are_measured_event_by_event(upstream: Subject) -> None:
    """All events, and the longest silence in each stream."""
    outcome = carry_out(order(upstream.url, "streams", model="say-10x5", count=4, spread=0.02))
    assert outcome.events == 4 * 13
    assert all(gap >= 0.004 for gap in outcome.gaps)


def test_what_fails_is_counted_and_the_rest_goes_on() -> None:
    """A server that answers each second request with an error, and each third not at all."""
    replies = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
        b"",
    ]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, replies), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        outcome = carry_out(order(url, "paced", clients=1, count=3, rate=100.0))
    assert (outcome.answered, outcome.failed) == (1, 2)


def _serve(listener: socket.socket, replies: list[bytes]) -> None:
    waiting = list(replies)
    while waiting:
        link, _ = listener.accept()
        with link:
            while waiting and link.recv(65536) and (reply := waiting.pop(0)):
                link.send(reply)


def test_keys_take_turns() -> None:
    """Each request is another project's, whichever connection carries it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_note, args=(listener, heard), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        asked = order(url, "saturate", clients=1, seconds=0.1, bearers=["a", "b", "c"])
        outcome = carry_out(attrs.evolve(asked, headers={"authorization": "Bearer other"}))
    assert outcome.answered >= 3
    assert heard[:4] == [b"a", b"b", b"c", b"a"]


def _note(listener: socket.socket, heard: list[bytes]) -> None:
    link, _ = listener.accept()
    with link, suppress(ConnectionError):
        while asked := link.recv(65536):
            heard.append(asked.partition(b"Bearer ")[2].partition(b"\r\n")[0])
            link.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


def test_it_is_a_program_that_prints_what_came(upstream: Subject) -> None:
    """As the measurement runs it, pinned."""
    told = msgspec.json.encode(order(upstream.url, "saturate", seconds=0.1, cores=[0])).decode()
    command = [sys.executable, "-m", "benchmarks.overhead.load", told]
    done = subprocess.run(command, capture_output=True, check=True)
    assert msgspec.json.decode(done.stdout, type=Outcome).answered > 0
