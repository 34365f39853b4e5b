"""What a request says beside its body."""

from gateway.apis.api import Api, Asked, AsTheyAre
from gateway.apis.chat import CHAT


def test_a_request_shows_nothing_of_its_content() -> None:
    """Prompts and keys stay out of logs."""
    asked = Asked({"a": "hush"}, {"model": "m"}, {"x-api-key": "hush"}, b"hush")
    assert "hush" not in repr(asked)


def test_an_api_speaks_openais_voice_unless_it_has_its_own() -> None:
    """The clients of most of them are OpenAI's."""
    api = Api("one", CHAT.read, CHAT.whole)
    assert (api.voice, api.stream, api.json) == (CHAT.voice, None, True)


def test_an_upstreams_own_frames_go_on_as_they_are() -> None:
    """Unless the API says otherwise; nothing is put behind them."""
    frames = Api("one", CHAT.read, CHAT.whole).own()
    assert isinstance(frames, AsTheyAre)
    assert (frames.put(b"data: 1\n\n"), frames.end()) == (b"data: 1\n\n", b"")
