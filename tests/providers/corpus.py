"""Recorded provider traffic as test cases, and ways to cut its bytes.

The recordings lie in a folder beside the project (see the fixture `shared`). Where it is absent
every list here is empty, so parametrised tests are skipped; a module that uses them also holds one
test that asks for `shared`, which fails in CI instead.
"""

import base64
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from providers.base import Decoder
from providers.types import Event, Passed, TextDelta

SHARED = Path(__file__).resolve().parents[3] / "shared"


@attrs.frozen
class Exchange:
    """One recorded HTTP exchange. `name` is `provider/feature/file`, and is what `str` gives."""

    path: Path
    name: str
    provider: str
    feature: str
    kind: str
    tags: tuple[str, ...]
    url: str
    status: int
    request_body: Any = attrs.field(repr=False)
    response_headers: dict[str, str] = attrs.field(repr=False)
    response_body: bytes = attrs.field(repr=False)

    def __str__(self) -> str:
        return self.name

    @property
    def streamed(self) -> bool:
        """Whether the answer is server-sent events; errors are not, even where labelled so."""
        stream = "text/event-stream" in self.response_headers.get("content-type", "")
        return stream and self.status == 200


def load(shared: Path, provider: str, *features: str) -> list[Exchange]:
    """The recordings of a provider, in a stable order. Features may be globs; none means all.

    Websocket sessions are left out: they are not exchanges.
    """
    folders = [
        folder
        for feature in features or ("*",)
        for folder in (shared / "wire" / provider).glob(feature)
    ]
    files = sorted({file for folder in folders for file in folder.glob("*.json")})
    return [exchange for file in files if (exchange := _read(file)) is not None]


def _read(file: Path) -> Exchange | None:
    record = json.loads(file.read_bytes())
    if record["kind"] == "websocket":
        return None
    return Exchange(
        path=file,
        name="/".join((*file.parts[-3:-1], file.stem)),
        provider=record["provider"],
        feature=record["feature"],
        kind=record["kind"],
        tags=tuple(record["tags"]),
        url=record["path"],
        status=record["status"],
        request_body=record["request_body"],
        response_headers={
            name.lower(): value for name, value in record["response_headers"].items()
        },
        response_body=_body(record),
    )


def _body(record: dict[str, Any]) -> bytes:
    if encoded := record.get("response_body_base64"):
        return base64.b64decode(encoded)
    body: str | None = record["response_body"]
    return (body or "").encode()


def events_of(decoder: Decoder, pieces: Iterable[bytes]) -> list[Event]:
    """Everything a decoder says about an answer that arrives in these pieces and then ends."""
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return unfolded([*events, *decoder.finish()])


def unfolded(events: Iterable[Event]) -> list[Event]:
    """The same events, runs of chunks that were passed on unread being read after all."""
    read: list[Event] = []
    for event in events:
        read += _texts(event) if isinstance(event, Passed) else [event]
    return read


def _texts(run: Passed) -> list[Event]:
    frames = run.frames.split(b"\n\n")[:-1]
    assert len(frames) == run.count, "as many frames as it says"
    chunks = [json.loads(frame.removeprefix(b"data: ")) for frame in frames]
    for chunk in chunks:
        [choice] = chunk["choices"]
        assert (choice["index"], choice["finish_reason"]) == (0, None), "nothing but text"
        assert not chunk.get("usage"), "usage is read"
    return [TextDelta(chunk["choices"][0]["delta"]["content"]) for chunk in chunks]


def splits(data: bytes, rng: random.Random, most: int = 400) -> Iterator[Sequence[bytes]]:
    """Ways in which a network may cut these bytes: byte by byte, in two at every place (at `most`
    places, picked by `rng`, where there are more), and a few times into many random pieces."""
    yield [data[at : at + 1] for at in range(len(data))]
    places = range(1, len(data))
    for at in places if len(places) <= most else sorted(rng.sample(places, most)):
        yield data[:at], data[at:]
    for _ in range(5):
        cuts = sorted(rng.choices(range(len(data) + 1), k=rng.randint(2, 40)))
        yield [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
