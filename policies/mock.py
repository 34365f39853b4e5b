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
from typing import Any

import attrs

from policies import phrases, tokens
from policies.fitting import NothingFits, fit
from providers.conversation import Tool
from providers.types import (
    JSON,
    ChatCall,
    EmbedCall,
    Finished,
    FinishReason,
    TextDelta,
    ToolDelta,
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
    """One answer in the pieces in which it is streamed: tokens, no character ever taken apart.

    With a `tool` they are the arguments with which that one is called, under the id `call`.
    """

    pieces: tuple[str, ...]
    finish: FinishReason
    tool: str | None = None
    call: str | None = None

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)

    def event(self, turn: int, index: int) -> TextDelta | ToolDelta | Finished:
        """What is said in this turn, from 0 to one past the last piece; `index` is the choice's own."""
        if turn == len(self.pieces):
            return Finished(self.finish, index)
        if self.tool is None:
            return TextDelta(self.pieces[turn], index)
        if turn:
            return ToolDelta(0, self.pieces[turn], index)
        return ToolDelta(0, self.pieces[0], index, self.call, self.tool)


@attrs.frozen
class MockAnswer:
    """An answer to a chat: its first piece after `first` seconds, the others `between` apart."""

    choices: tuple[MockChoice, ...]
    usage: Usage
    first: float
    between: float

    def events(self) -> Iterator[TextDelta | ToolDelta | Finished]:
        """What is said, all choices side by side: one piece of each at a time."""
        for turn in range(1 + max((len(choice.pieces) for choice in self.choices), default=0)):
            for index, choice in enumerate(self.choices):
                if turn <= len(choice.pieces):
                    yield choice.event(turn, index)


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
    """The answer to a chat. Honours `max_tokens`, `stop`, `n`, and a demand for JSON or for a tool's call."""
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
    if (tool := _demanded_tool(call)) is not None:
        made = json.dumps(_fitting({"type": "object", **(tool.parameters or {})}, {}))
        pieces, cut = _limited(call, made)
        finish: FinishReason = "length" if cut else "tool_calls"
        return MockChoice(pieces, finish, tool.name, f"call_{rng.getrandbits(96):024x}")
    text = _text(call, rng)
    stops = [at for stop in call.stop if stop and (at := text.find(stop)) >= 0]
    pieces, cut = _limited(call, text[: min(stops)] if stops else text)
    return MockChoice(pieces, "length" if cut else "stop")


def _text(call: ChatCall, rng: random.Random) -> str:
    asked = [message.text for message in call.messages if message.role == "user"]
    question = asked[-1] if asked else ""
    spoken = phrases.language(question or " ".join(m.text for m in call.messages))
    text = phrases.compose(question, spoken, rng)
    if call.response_format is None:
        return text
    usual = {"answer": text}
    if call.response_format.schema:
        return json.dumps(_fitting(call.response_format.schema, usual))
    return json.dumps(usual, ensure_ascii=False)


def _limited(call: ChatCall, text: str) -> tuple[tuple[str, ...], bool]:
    """The text in pieces, no more than there may be; and whether there were more."""
    pieces = tokens.split(text)
    return pieces[: call.max_tokens], call.max_tokens is not None and len(pieces) > call.max_tokens


def _demanded_tool(call: ChatCall) -> Tool | None:
    """The tool that has to be called: the one that is named, or the first of those that may be."""
    choice = call.tool_choice
    if choice is None or choice.mode != "required":
        return None
    names = (choice.name,) if choice.name else choice.allowed
    return next((tool for tool in call.tools if not names or tool.name in names), None)


def _fitting(schema: JSON, otherwise: Any) -> Any:
    try:
        return fit(schema)
    except NothingFits:
        return otherwise


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
