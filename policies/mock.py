"""What test mode answers: values computed from the request alone.

The same request always gets the same answer, streamed or not. There is no transport here and
nothing that could have one: a call with a test key cannot reach a provider.

    x-hedgerow-mock: 400 | 401 | 403 | 404 | 429 | 500 | 503     that error
                     timeout                                      as if nothing upstream had answered
                     slow | slow=2s | slow=300ms                  that long until the first token
                     cut                                          the answer breaks off half-way
Several are joined by commas: `slow=1s,cut`.
"""

import hashlib
import json
import math
import random
import re
import struct
from collections.abc import Iterator

import attrs

from policies import phrases, tokens
from providers.types import (
    ChatCall,
    EmbedCall,
    Finished,
    FinishReason,
    TextDelta,
    Usage,
    Vectors,
)

SLOW = 5.0
SLOWEST = 600.0
DIMENSIONS = 1536
_DIMENSIONS = (
    ("gemini-embedding", 3072),
    ("text-embedding-3-large", 3072),
    ("text-embedding-004", 768),
    ("embedding-001", 768),
)
# How the answer travels does not change what it says.
_TRAVEL = frozenset({"stream", "stream_options"})
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}


@attrs.frozen
class MockChoice:
    """One answer in the pieces in which it is streamed: tokens, no character ever taken apart."""

    pieces: tuple[str, ...]
    finish: FinishReason

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)


@attrs.frozen
class MockAnswer:
    """An answer to a chat: its first piece after `first` seconds, the others `between` apart."""

    choices: tuple[MockChoice, ...]
    usage: Usage
    first: float
    between: float

    def events(self) -> Iterator[TextDelta | Finished]:
        """What is said, all choices side by side: one piece of each at a time."""
        for turn in range(1 + max((len(choice.pieces) for choice in self.choices), default=0)):
            for index, choice in enumerate(self.choices):
                if turn < len(choice.pieces):
                    yield TextDelta(choice.pieces[turn], index)
                elif turn == len(choice.pieces):
                    yield Finished(choice.finish, index)


@attrs.frozen
class MockVectors:
    """Embeddings of unit length in the order of the inputs, after `first` seconds."""

    vectors: Vectors
    usage: Usage
    first: float


@attrs.frozen
class MockFault:
    """What a test wants to go wrong.

    `status` is the HTTP status to answer with at once. `delay` is the seconds before the first
    token, in place of the usual. `cut`: the second half of the answer never comes.
    """

    status: int | None = None
    message: str = ""
    retry_after: float | None = None
    delay: float | None = None
    cut: bool = False


_FAULTS = {
    "400": MockFault(400, "Test mode: the request is invalid, as demanded"),
    "401": MockFault(401, "Test mode: the API key is not accepted, as demanded"),
    "403": MockFault(403, "Test mode: the model is not allowed, as demanded"),
    "404": MockFault(404, "Test mode: not found, as demanded"),
    "429": MockFault(429, "Test mode: the rate limit is exceeded, as demanded", retry_after=1.0),
    "500": MockFault(500, "Test mode: an internal error, as demanded"),
    "503": MockFault(503, "Test mode: no upstream is available, as demanded", retry_after=1.0),
    "timeout": MockFault(503, "Test mode: no upstream answered in time, as demanded"),
    "slow": MockFault(delay=SLOW),
    "cut": MockFault(cut=True),
}


def answer(call: ChatCall) -> MockAnswer:
    """The answer to a chat. Honours `max_tokens`, `stop`, `n` and a demand for JSON."""
    rng = _chance(call.model, {k: v for k, v in call.body.items() if k not in _TRAVEL})
    choices = tuple(_choice(call, rng) for _ in range(call.n))
    prompt = tokens.count_prompt(call.messages)
    completion = sum(len(choice.pieces) for choice in choices)
    usage = Usage(prompt, completion, prompt + completion)
    return MockAnswer(choices, usage, rng.uniform(0.15, 0.45), rng.uniform(0.012, 0.03))


def embed(call: EmbedCall) -> MockVectors:
    """The embeddings of the inputs: each depends on the model and its own input only."""
    size = dimensions(call)
    items = tuple(_vector(call.model, text, size) for text in call.inputs)
    used = sum(tokens.count(text) if isinstance(text, str) else len(text) for text in call.inputs)
    first = _chance(call.model, call.inputs).uniform(0.03, 0.12)
    return MockVectors(Vectors(items, call.model), Usage(prompt=used, total=used), first)


def dimensions(call: EmbedCall) -> int:
    """How many numbers each vector has: as asked for, else the model's own number."""
    usual = (size for start, size in _DIMENSIONS if call.model.startswith(start))
    return call.dimensions or next(usual, DIMENSIONS)


def demanded(header: str) -> MockFault | None:
    """What the value of `x-hedgerow-mock` asks for; None if it is empty.

    Raises:
        ValueError: it asks for something else; the message says what there is.
    """
    fault = MockFault()
    for word in filter(None, (word.strip().lower() for word in header.split(","))):
        wish = _FAULTS.get(word) or _slow(word)
        if wish is None:
            known = ", ".join(_FAULTS)
            raise ValueError(f"x-hedgerow-mock: {word[:40]!r} is none of {known}, slow=<duration>")
        changed = {k: v for k, v in attrs.asdict(wish).items() if v != getattr(MockFault(), k)}
        fault = attrs.evolve(fault, **changed)
    return None if fault == MockFault() else fault


def _choice(call: ChatCall, rng: random.Random) -> MockChoice:
    asked = [message.text for message in call.messages if message.role == "user"]
    question = asked[-1] if asked else ""
    spoken = phrases.language(question or " ".join(m.text for m in call.messages))
    text = phrases.compose(question, spoken, rng)
    if _wants_json(call):
        text = json.dumps({"answer": text}, ensure_ascii=False)
    stops = [at for stop in call.stop if stop and (at := text.find(stop)) >= 0]
    pieces = tokens.split(text[: min(stops)] if stops else text)
    if call.max_tokens is not None and len(pieces) > call.max_tokens:
        return MockChoice(pieces[: call.max_tokens], "length")
    return MockChoice(pieces, "stop")


def _wants_json(call: ChatCall) -> bool:
    wish = call.body.get("response_format")
    return isinstance(wish, dict) and wish.get("type") in {"json_object", "json_schema"}


def _chance(model: str, what: object) -> random.Random:
    """Chance that is the same for the same request, on every machine and in every process."""
    text = json.dumps([model, what], sort_keys=True, default=repr)
    return random.Random(hashlib.sha256(text.encode()).digest())


def _vector(model: str, text: str | tuple[int, ...], dimensions: int) -> tuple[float, ...]:
    seed = json.dumps([model, text]).encode()
    drawn = struct.unpack(f"<{dimensions}h", hashlib.shake_256(seed).digest(2 * dimensions))
    length = math.sqrt(sum(x * x for x in drawn)) or 1.0
    return tuple(x / length for x in drawn)


def _slow(word: str) -> MockFault | None:
    name, _, value = word.partition("=")
    found = _DURATION.fullmatch(value)
    if name != "slow" or found is None:
        return None
    return MockFault(delay=min(SLOWEST, float(found[1]) * _UNITS[found[2] or ""]))
