"""What an event costs is measured on real streams. (No bar is held here: other tests run beside.)"""

import msgspec
import pytest

from benchmarks.decoding import CALL, UPSTREAMS, WORDS, apis, command, stream_of
from gateway.whole import Heading
from providers.types import Ended, TextDelta, Usage


@pytest.mark.parametrize("name", UPSTREAMS)
def test_the_streams_say_a_word_a_piece(name: str) -> None:
    """And are decoded to their end."""
    dialect, make = UPSTREAMS[name]
    decoder = dialect.decoder(CALL)
    pieces = stream_of(make)
    events = [event for piece in pieces for event in decoder.feed(piece)] + [*decoder.finish()]
    assert len(pieces) == WORDS
    assert sum(isinstance(event, TextDelta) for event in events) == WORDS
    assert events[-1] == Ended()


@pytest.mark.parametrize("name", apis())
def test_every_api_writes_what_is_measured(name: str) -> None:
    """Bytes, and an end."""
    api = apis()[name]
    assert api.stream is not None
    writer = api.stream(CALL, Heading("1", 0, "m"))
    assert b"word" in writer.write([TextDelta("word")]) + writer.end(Usage())


def test_the_figures_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """In microseconds, by provider and by API."""
    assert command(rounds=1, json=True) in (0, 3)
    told = msgspec.json.decode(capsys.readouterr().out)
    assert told["decoded"].keys() == UPSTREAMS.keys()
    assert told["written"].keys() == apis().keys()
    assert all(cost > 0 for kind in told.values() for cost in kind.values())
