"""Google's Vertex AI as a dialect: Gemini's format under a project's path. Claude there is in `vertex_claude`.

Its base URL is a host alone. Credentials are an API key, an access token, or a service account's JSON file
(see `providers.service_account`). The API's version is that of all recorded traffic, and of Google's SDK.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import attrs
import msgspec

from providers import gemini_embed, vertex_embed
from providers.base import Decoder, WireRequest
from providers.errors import ProviderError
from providers.gemini import Gemini
from providers.gemini_chat import chat_body
from providers.lenient import fields
from providers.reading import whole
from providers.service_account import ServiceAccount
from providers.types import (
    JSON,
    Call,
    CountCall,
    EmbedCall,
    Form,
    ModelInfo,
    RateLimits,
    Secret,
)

API_VERSION = "v1beta1"
COUNTED = frozenset({"contents", "systemInstruction", "tools", "generationConfig"})
"""What has tokens, or changes how many there are."""

TOKEN = "ya29."  # noqa: S105 - how Google's access tokens begin
REGIONS_OF_REGIONS = frozenset({"us", "eu"})

_GEMINI = Gemini()


@attrs.frozen
class Vertex:
    """Implements `providers.base.Dialect`, for Google's models.

    Without a `project` an API key is enough, and says it by itself ("express mode").
    """

    project: str | None = None
    location: str = "global"
    api_version: str = API_VERSION
    name: str = "vertex"
    forms: frozenset[Form] = frozenset({"gemini"})

    @property
    def base_url(self) -> str:
        """The usual address of this location."""
        if self.location == "global":
            return "https://aiplatform.googleapis.com"
        if self.location in REGIONS_OF_REGIONS:
            return f"https://aiplatform.{self.location}.rep.googleapis.com"
        return f"https://{self.location}-aiplatform.googleapis.com"

    def identity(self, secret: Secret) -> ServiceAccount | None:
        """The service account that this secret is; None for an API key or a token.

        Raises:
            ValueError: it cannot be used, as it is or without a project.
        """
        written = secret.reveal
        is_account = written.startswith("{")
        if not self.project and (is_account or written.startswith(TOKEN)):
            raise ValueError("a service account or an access token needs a project")
        return ServiceAccount.read(written) if is_account else None

    def refuses(self, call: Call) -> str | None:
        if isinstance(call, EmbedCall):
            return gemini_embed.refuses(call)
        return _GEMINI.refuses(call)

    def encode(self, call: Call, model: str) -> WireRequest:
        model = model.removeprefix("publishers/google/models/").removeprefix("google/")
        if isinstance(call, EmbedCall):
            return self._post(model, *vertex_embed.asked(call, model))
        if isinstance(call, CountCall):
            return self._post(model, "countTokens", _count_body(call, model))
        wire = _GEMINI.encode(call, model)
        return attrs.evolve(wire, path=self.publisher("google") + wire.path)

    def most_inputs(self, model: str) -> int:
        return vertex_embed.most_inputs(model)

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        """None for a service account: it is exchanged for tokens."""
        written = secret.reveal
        if written.startswith("{"):
            return ()
        if written.startswith(TOKEN):
            return (("authorization", f"Bearer {written}"),)
        return (("x-goog-api-key", written),)

    def decoder(self, call: Call) -> Decoder:
        if isinstance(call, EmbedCall):
            return whole(vertex_embed.EmbedReader(call))  # its form is another than Gemini's
        return _GEMINI.decoder(call)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return _GEMINI.error(status, headers, body)

    def limits(self, headers: Mapping[str, str]) -> RateLimits:
        return _GEMINI.limits(headers)

    def list_models(self, page: str | None = None) -> WireRequest | None:  # noqa: ARG002
        """None: a project's list holds what it has deployed, not what it may call."""
        return None

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:  # noqa: ARG002
        return (), None

    def _post(self, model: str, method: str, body: JSON) -> WireRequest:
        path = f"{self.publisher('google')}/models/{quote(model, safe='')}:{method}"
        return WireRequest(path=path, body=msgspec.json.encode(body))

    def publisher(self, name: str) -> str:
        """How the paths of a publisher's models begin."""
        ours = ("projects", self.project, "locations", self.location) if self.project else ()
        steps = (self.api_version, *ours, "publishers", name)
        return "".join(f"/{quote(step, safe='')}" for step in steps)


def _count_body(call: CountCall, model: str) -> JSON:
    """What is to be counted, without the member within which Gemini's own API wants a whole request."""
    if call.native is None or call.native.form != "gemini":
        told = chat_body(call.chat, model)
    else:
        told = {**(fields(call.native.body.get("generateContentRequest")) or call.native.body)}
    return {name: value for name, value in told.items() if name in COUNTED}
