"""Amazon Bedrock as a dialect: the Converse API, the same for all its models.

Keys are an API key of Bedrock's, or an access key (`ACCESS:SECRET`, with `:SESSION` if it is temporary) with
which each request is signed. Who calls a model that speaks OpenAI's format by Bedrock's endpoint for that
(`bedrock-mantle`) needs kind `openai` and its base URL instead.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import attrs
import msgspec

from providers import aws
from providers.aws import AwsKey
from providers.base import Decoder, WireRequest
from providers.bedrock_answer import MessageReader, StreamReader
from providers.bedrock_chat import OWN, chat_body, needs_tools
from providers.bedrock_errors import error_of
from providers.bedrock_frames import FrameScanner
from providers.counting import CountReader
from providers.errors import ProviderError, RequestRejected
from providers.parameters import TOOLS, first_refused, foreign_tools
from providers.reading import Streamed, whole
from providers.types import (
    JSON,
    Call,
    ChatCall,
    CountCall,
    EmbedCall,
    Form,
    ModelInfo,
    PlainCall,
    RateLimits,
    Secret,
    SessionCall,
)

ACCESS = ("AKIA", "ASIA")
"""How the ids of access keys begin."""

COUNTED = frozenset({"messages", "system", "toolConfig", "additionalModelRequestFields"})
"""What has tokens, or changes how many there are."""

HONOURED = TOOLS | {"response_format", "reasoning_effort", *OWN}


@attrs.frozen
class Bedrock:
    """Implements `providers.base.Dialect`. `region` is where keys sign for."""

    region: str = "us-east-1"
    name: str = "bedrock"
    forms: frozenset[Form] = frozenset()

    @property
    def base_url(self) -> str:
        """The usual address of this region."""
        china = ".cn" if self.region.startswith("cn-") else ""
        return f"https://bedrock-runtime.{self.region}.amazonaws.com{china}"

    def identity(self, secret: Secret) -> AwsKey | None:
        """The access key that this secret is; None for an API key.

        Raises:
            ValueError: it is an access key and not whole, or what Bedrock takes is not installed.
        """
        aws.load()
        key = AwsKey.read(secret.reveal, self.region)
        if key is None and secret.reveal.startswith(ACCESS):
            raise ValueError("an access key is written with its secret: ACCESS:SECRET")
        return key

    def refuses(self, call: Call) -> str | None:
        if isinstance(call, EmbedCall):
            return "input"
        if isinstance(call, PlainCall):
            return call.operation
        if isinstance(call, SessionCall):
            return "realtime"
        if isinstance(call, CountCall):
            return self.refuses(call.chat)
        if any(stop and not stop.strip() for stop in call.stop):
            return "stop"
        return first_refused(call, HONOURED) or foreign_tools(call) or _forbidden(call)

    def encode(self, call: Call, model: str) -> WireRequest:
        if isinstance(call, EmbedCall | PlainCall | SessionCall):
            raise RequestRejected("Only chats are offered here", param=self.refuses(call))
        if isinstance(call, CountCall):
            told = chat_body(call.chat, model).items()
            counted = {name: value for name, value in told if name in COUNTED}
            return _post(model, "count-tokens", {"input": {"converse": counted}})
        method = "converse-stream" if call.stream else "converse"
        return _post(model, method, chat_body(call, model))

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        """None for an access key: it signs."""
        if AwsKey.read(secret.reveal, self.region) is not None:
            return ()
        return (("authorization", f"Bearer {secret.reveal}"),)

    def decoder(self, call: Call) -> Decoder:
        if isinstance(call, CountCall):
            return whole(CountReader("inputTokens"))
        return Streamed(StreamReader(), FrameScanner()) if call.stream else whole(MessageReader())

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return error_of(status, headers, body)

    def limits(self, headers: Mapping[str, str]) -> RateLimits:  # noqa: ARG002 - it sends none
        return RateLimits()

    def list_models(self, page: str | None = None) -> WireRequest | None:  # noqa: ARG002
        """None: another host lists them, and not only those that a key may call."""
        return None

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:  # noqa: ARG002
        return (), None


def _post(model: str, method: str, body: JSON) -> WireRequest:
    path = f"/model/{quote(model, safe='')}/{method}"
    return WireRequest(path=path, body=msgspec.json.encode(body))


def _forbidden(call: ChatCall) -> str | None:
    """`tool_choice`, where it forbids tools that Bedrock demands."""
    choice = call.tool_choice
    forbidden = choice is not None and choice.mode == "none" and needs_tools(call.messages)
    return "tool_choice" if forbidden else None
