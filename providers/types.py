"""The words the whole program shares: what is asked of an upstream and what it answers.

All values are frozen. A call comes in OpenAI's form, because that is what clients speak; a dialect
turns it into its provider's form. An answer, streamed or whole, becomes the same short list of events:

    Started  (TextDelta | ToolDelta | Extra | Passed | Finished | UsageSeen)*  (Ended | Failed)   a chat
    Vectors  UsageSeen?  (Ended | Failed)                                                     embeddings
    Counted  UsageSeen?  (Ended | Failed)                                               a count of tokens
    (Frame | Made | UsageSeen)*  Closed  (Ended | Failed)                                  a session
    (Made | UsageSeen)*  (Ended | Failed)                           whatever else, as `Verbatim` beside them

An upstream that is asked in the form in which the client asked gives `Verbatim` with them: its own bytes.
The last event is always `Ended` or `Failed`, and nothing follows it. An answer that merely stops is
a `Failed`, never an `Ended`: truncation cannot look like success.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs

from providers.conversation import Message, ResponseFormat, Tool, ToolChoice, ToolKind
from providers.errors import ProviderError
from providers.multipart import Part

JSON: TypeAlias = Mapping[str, Any]
TextKind: TypeAlias = Literal["content", "reasoning", "refusal"]
Place: TypeAlias = Literal["message", "choice", "answer"]
FinishReason: TypeAlias = Literal["stop", "length", "content_filter", "tool_calls"]
Operation: TypeAlias = Literal["moderations", "images", "speech", "transcriptions", "rerank"]
Form: TypeAlias = Literal["anthropic", "gemini", "responses", "completions"]


@attrs.frozen
class Secret:
    """A credential. It shows itself to nobody: `repr`, `str` and logs see asterisks."""

    reveal: str = attrs.field(repr=False)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


@attrs.frozen
class Native:
    """A request as its client has told it, for upstreams that speak the same form.

    `headers` are those of the client's that belong to the form, such as the versions it wants. `only` names
    what no other form can say: who does not speak this one cannot honour the request.
    """

    form: Form
    body: JSON = attrs.field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    only: str | None = None


@attrs.frozen(slots=False)  # made for every request: with slots it takes thrice as long
class ChatCall:
    """A request for a chat completion, already validated.

    `body` is the client's JSON as it came, unknown members included; a dialect of the same family sends
    it on, the others read the named fields. `max_tokens` is whichever of `max_tokens` and
    `max_completion_tokens` the client gave. `folded` says that what is streamed upstream becomes a whole
    answer. `legacy` says that tools are told in the words they had at first: functions. `native` is what the
    client sent if that was not OpenAI's chat form; `body` is then its translation.
    """

    model: str
    messages: tuple[Message, ...]
    body: JSON = attrs.field(repr=False)
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    n: int = 1
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    folded: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel: bool = True
    response_format: ResponseFormat | None = None
    effort: str | None = None
    logprobs: int | None = None
    legacy: bool = False
    native: Native | None = None


@attrs.frozen
class EmbedCall:
    """A request for embeddings: several texts, or several lists of token numbers."""

    model: str
    inputs: tuple[str | tuple[int, ...], ...]
    body: JSON = attrs.field(repr=False)
    encoding: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    native: Native | None = None

    stream: Literal[False] = False


@attrs.frozen
class CountCall:
    """A question how many tokens the prompt of a chat has."""

    chat: ChatCall

    stream: Literal[False] = False

    @property
    def model(self) -> str:
        """The chat's."""
        return self.chat.model

    @property
    def body(self) -> JSON:
        """The chat's, in OpenAI's form."""
        return self.chat.body

    @property
    def native(self) -> Native | None:
        """What the client sent, if that was not OpenAI's form."""
        return self.chat.native


@attrs.frozen
class PlainCall:
    """A call that is sent on as it came: moderations, images, sound, ranks.

    `path` is where OpenAI has it; `parts` are there where it is a form and no JSON. `answers` is the content
    type that its answer has. `native` says nothing: nobody speaks it in another form.
    """

    operation: Operation
    path: str
    model: str
    body: JSON = attrs.field(factory=dict, repr=False)
    parts: tuple[Part, ...] = attrs.field(default=(), repr=False)
    answers: str = "application/json"
    stream: bool = False

    native: None = None


@attrs.frozen
class SessionCall:
    """A wish for a realtime session, over a websocket. `query` and `headers` are those of the client's that are
    the upstream's business."""

    model: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: JSON = attrs.field(factory=dict)

    stream: Literal[True] = True
    native: None = None


Call: TypeAlias = ChatCall | EmbedCall | CountCall | PlainCall | SessionCall


@attrs.frozen
class Usage:
    """Tokens as the upstream reported them. `completion` includes `reasoning`; `prompt` includes `cached`
    and `written`, what was read from its cache and put into it.

    `details` is all that it said of them in OpenAI's form, for clients who know it.
    """

    prompt: int = 0
    completion: int = 0
    total: int = 0
    cached: int = 0
    reasoning: int = 0
    written: int = 0
    details: JSON = attrs.field(factory=dict, eq=False, repr=False)


@attrs.frozen
class Started:
    """The upstream accepted the call. Says nothing about whether it will answer.

    `members` are those of OpenAI's format that it adds to every piece of the answer.
    """

    id: str | None = None
    model: str | None = None
    members: JSON = attrs.field(factory=dict)


@attrs.frozen
class TextDelta:
    """A piece of the answer, never empty. `logprobs` is OpenAI's object for this piece, unread."""

    text: str
    choice: int = 0
    kind: TextKind = "content"
    logprobs: Any = None


@attrs.frozen
class ToolDelta:
    """A piece of a call of a tool; `index` tells the calls of one choice apart, from 0 on.

    The first piece of each has its `id` and `name`; `text` are the next characters of its arguments. `extra`
    is what the provider wants to see again with the call, by provider.
    """

    index: int
    text: str = ""
    choice: int = 0
    id: str | None = None
    name: str | None = None
    kind: ToolKind = "function"
    extra: JSON | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Extra:
    """Members of an answer in OpenAI's format that we need not understand.

    They stand in a choice's `message` (annotations, audio, images), in the `choice` beside it (what a filter
    found) or in the `answer` beside its choices; only the first is something that the model said.
    """

    members: JSON = attrs.field(repr=False)
    choice: int = 0
    place: Place = "message"


@attrs.frozen
class Passed:
    """A run of chunks in OpenAI's own form, unread, that differ only in the first choice's text.

    Only in streams for clients that speak this form, and never before the first `TextDelta`. Each of the
    `count` frames begins with `opening` and ends with `closing`; `written` is the bytes of text in JSON.
    """

    frames: bytes = attrs.field(repr=False)
    opening: bytes = attrs.field(repr=False)
    closing: bytes = attrs.field(repr=False)
    count: int
    written: int


@attrs.frozen
class Verbatim:
    """The upstream's own bytes, whole frames or a whole body, for a client that speaks its form.

    What they mean follows as events in the same batch: those are for whoever counts, these for the client.
    An answer has them for all of its bytes or for none. `whole` says that these are all of them, though a
    stream may have been asked for.
    """

    data: bytes = attrs.field(repr=False)
    content_type: str = "application/json"
    whole: bool = False


@attrs.frozen
class Finished:
    """One choice is complete. The answer itself goes on: usage and the end marker may follow."""

    reason: FinishReason
    choice: int = 0


@attrs.frozen
class UsageSeen:
    """Usage so far. Upstreams repeat it with running totals: the last one counts."""

    usage: Usage


@attrs.frozen
class Vectors:
    """Embeddings in the order of the inputs."""

    items: tuple[tuple[float, ...], ...] = attrs.field(repr=False)
    model: str | None = None


@attrs.frozen
class Frame:
    """A message of a session, as it came."""

    data: str | bytes = attrs.field(repr=False)


@attrs.frozen
class Closed:
    """A session's websocket was closed, with this code and reason (RFC 6455, 7.4); 1006 means without any."""

    code: int
    reason: str = ""


@attrs.frozen
class Made:
    """Something came that is not read here: an image, sound, scores. `size` is in bytes."""

    size: int


@attrs.frozen
class Counted:
    """How many tokens a prompt has."""

    tokens: int


@attrs.frozen
class Ended:
    """The upstream said that it is done, in its protocol's own way."""


@attrs.frozen
class Failed:
    """The upstream, or the way to it, broke. Nothing follows."""

    error: ProviderError


Event: TypeAlias = (
    Started
    | TextDelta
    | ToolDelta
    | Extra
    | Passed
    | Verbatim
    | Finished
    | UsageSeen
    | Vectors
    | Counted
    | Made
    | Frame
    | Closed
    | Ended
    | Failed
)


_SEMANTIC = (TextDelta, ToolDelta, Finished, Passed, Vectors, Counted, Made)


def is_semantic(event: Event) -> bool:
    """Whether this event may end a race: content, reasoning, calls, a legitimate finish, vectors.

    Role-only deltas, pings, comments, usage and bare end markers are not events of these kinds at all
    (the rule and its reasons: race on what the client can use, not on bytes).
    """
    return isinstance(event, _SEMANTIC) or (isinstance(event, Extra) and event.place == "message")


@attrs.frozen
class RateLimits:
    """What an answer's headers say of the key's quota; None where they say nothing. `reset` in seconds."""

    requests_limit: int | None = None
    requests_remaining: int | None = None
    tokens_limit: int | None = None
    tokens_remaining: int | None = None
    reset: float | None = None


@attrs.frozen
class ModelInfo:
    """A model that an upstream offers. `created` is a Unix time in seconds, 0 where unknown."""

    id: str
    created: int = 0
    owned_by: str = ""
