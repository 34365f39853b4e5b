"""What test mode answers where no text is asked for: small, valid, and the same for the same request."""

import base64
import hashlib
import math
import struct
import zlib
from typing import Any

import msgspec

from providers.types import PlainCall, Verbatim

CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit"),
    *("illicit/violent", "self-harm", "self-harm/intent", "self-harm/instructions", "sexual"),
    *("sexual/minors", "violence", "violence/graphic"),
)
CREATED = 1_704_056_400
RATE, LENGTH = 8000, 0.25
"""Samples a second and seconds of sound."""


def answer(call: PlainCall) -> Verbatim:
    """The answer, in the client's own form.

    Raises:
        ValueError: it asks for images at addresses, and test mode has none.
    """
    if call.operation == "speech":
        return _spoken(call)
    if call.operation == "transcriptions":
        return _transcript(call)
    if call.operation == "images":
        return _drawn(call)
    make = {"moderations": _moderated, "rerank": _ranked}[call.operation]
    return _json(make(call))


def _json(value: dict[str, Any]) -> Verbatim:
    return Verbatim(msgspec.json.encode(value), whole=True)


def _frames(*events: dict[str, Any]) -> Verbatim:
    data = b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)
    return Verbatim(data + b"data: [DONE]\n\n", "text/event-stream")


def _spoken(call: PlainCall) -> Verbatim:
    sound = _sound()
    if not call.stream:
        return Verbatim(sound, "audio/wav", whole=True)
    said = {"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()}
    return _frames(said, {"type": "speech.audio.done"})


def _drawn(call: PlainCall) -> Verbatim:
    if call.body.get("response_format") == "url":
        raise ValueError("Test mode keeps no images: 'response_format' must be 'b64_json'")
    images = _images(call)
    if not call.stream:
        return _json(images)
    kind = "image_edit" if call.path.endswith("/edits") else "image_generation"
    made = {"type": f"{kind}.completed", "created_at": CREATED}
    return _frames(*({**made, **dot} for dot in images["data"]))


def _moderated(call: PlainCall) -> dict[str, Any]:
    """Nothing is ever flagged."""
    given = call.body.get("input")
    count = len(given) if isinstance(given, list) and all(isinstance(i, str) for i in given) else 1
    result = {
        "flagged": False,
        "categories": dict.fromkeys(CATEGORIES, False),
        "category_scores": dict.fromkeys(CATEGORIES, 0.0),
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }
    return {"id": f"modr-{_name(call)}", "model": call.model, "results": [result] * count}


def _images(call: PlainCall) -> dict[str, Any]:
    """One dot for each image, of a colour that depends on the request."""
    wanted = call.body.get("n")
    count = wanted if isinstance(wanted, int) and 0 < wanted <= 10 else 1
    colour = hashlib.sha256(_name(call).encode()).digest()[:3]
    dot = {"b64_json": base64.b64encode(_png(colour)).decode()}
    return {"created": CREATED, "data": [dot] * count}


def _png(colour: bytes) -> bytes:
    """One pixel (W3C's PNG specification, chunks of length, type, data and CRC)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" + colour)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _sound() -> bytes:
    """A quarter of a second of a tone, as WAV: no other format can be made without a codec."""
    count = int(RATE * LENGTH)
    tone = [round(8000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(count)]
    data = struct.pack(f"<{count}h", *tone)
    head = struct.pack(
        "<4sI4s4sIHHIIHH",
        b"RIFF",
        36 + len(data),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        RATE,
        2 * RATE,
        2,
        16,
    )
    return head + struct.pack("<4sI", b"data", len(data)) + data


def _transcript(call: PlainCall) -> Verbatim:
    text = "Merhaba, nasılsın?"
    if call.stream:
        said = {"type": "transcript.text.delta", "delta": text}
        return _frames(said, {"type": "transcript.text.done", "text": text})
    if call.answers != "application/json":
        return Verbatim(text.encode(), call.answers, whole=True)
    return _json({"text": text})


def _ranked(call: PlainCall) -> dict[str, Any]:
    """By the words that a document has in common with the query."""
    wanted = set(str(call.body.get("query", "")).casefold().split())
    documents = call.body.get("documents")
    scores = []
    for index, document in enumerate(documents if isinstance(documents, list) else ()):
        words = set(str(document).casefold().split())
        score = len(wanted & words) / len(wanted | words) if wanted | words else 0.0
        scores.append({"index": index, "relevance_score": score})
    scores.sort(key=lambda one: -one["relevance_score"])
    most = call.body.get("top_n", call.body.get("top_k"))
    kept = scores[:most] if isinstance(most, int) else scores
    return {"id": _name(call), "model": call.model, "results": kept}


def _name(call: PlainCall) -> str:
    asked = msgspec.json.encode([call.model, dict(call.body), [part.data for part in call.parts]])
    return hashlib.sha256(asked).hexdigest()[:12]
