"""Idle connections are part of what is measured, so they must be there."""

import socket

import pytest

from benchmarks.overhead.connection import Connection, Where
from benchmarks.overhead.load import Load
from benchmarks.overhead.subjects import Subject
from benchmarks.scale.levels import LEAST
from benchmarks.scale.site import ConnectionLost, Site


def test_a_connection_that_ended_spoils_the_measurement() -> None:
    """Half of them open is another level."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        where = Where.of(url, {}, b"")
        idle = Load([Connection(where), Connection(where)])
        site = Site(LEAST, Subject("it", url), ["key"], idle)
        kept, ended = listener.accept()[0], listener.accept()[0]
        with kept:
            site.check()
            ended.close()
            with pytest.raises(ConnectionLost, match="1 of 2 idle connections ended"):
                site.check()
    idle.close()
