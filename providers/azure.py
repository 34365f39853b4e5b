"""Azure's OpenAI service as a dialect: OpenAI's, where a model is a deployment and stands in the path.

For a base URL that is a resource's endpoint, such as `https://NAME.openai.azure.com`. Its answers and
errors are OpenAI's, with what its content filter found beside them.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

import attrs

from providers.base import Decoder, WireRequest, speaks
from providers.errors import ProviderError
from providers.openai import OpenAI
from providers.plain import IMAGES, SOUND, at
from providers.quirks import STRICT
from providers.types import (
    Call,
    EmbedCall,
    Form,
    ModelInfo,
    PlainCall,
    RateLimits,
    Secret,
    SessionCall,
)

API_VERSION = "2024-10-21"
"""The latest that is generally available; a provider's `api_version` says another."""

_RESPONSES = frozenset[Form]({"responses"})
_OPENAI = OpenAI(quirks=STRICT, forms=_RESPONSES, paths=at(*IMAGES, *SOUND), realtime=True)


@attrs.frozen
class Azure:
    """Implements `providers.base.Dialect`."""

    api_version: str = API_VERSION
    name: str = "azure"
    forms: frozenset[Form] = _RESPONSES

    def refuses(self, call: Call) -> str | None:
        return _OPENAI.refuses(call)

    def encode(self, call: Call, model: str) -> WireRequest:
        if speaks(self, call):
            # Its newer path has no versions, and the deployment in the body.
            return attrs.evolve(_OPENAI.encode(call, model), path="/openai/v1/responses")
        operation = "embeddings" if isinstance(call, EmbedCall) else "chat/completions"
        if isinstance(call, SessionCall):
            path = f"/openai/v1/realtime?{urlencode({'model': model})}"
            return WireRequest(path, method="GET", headers=())
        if isinstance(call, PlainCall):
            operation = call.path.removeprefix("/")
        path = f"/openai/deployments/{quote(model, safe='')}/{operation}"
        return attrs.evolve(_OPENAI.encode(call, model), path=self._versioned(path))

    def credentials(self, secret: Secret) -> tuple[tuple[str, str], ...]:
        return (("api-key", secret.reveal),)

    def decoder(self, call: Call) -> Decoder:
        return _OPENAI.decoder(call)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return _OPENAI.error(status, headers, body)

    def limits(self, headers: Mapping[str, str]) -> RateLimits:
        return _OPENAI.limits(headers)

    def list_models(self, page: str | None = None) -> WireRequest:  # noqa: ARG002 - one page
        return WireRequest(path=self._versioned("/openai/models"), method="GET", headers=())

    def read_models(self, body: bytes) -> tuple[Sequence[ModelInfo], str | None]:
        """None: what is listed can be deployed, and what is deployed is not listed."""
        _OPENAI.read_models(body)
        return (), None

    def _versioned(self, path: str) -> str:
        return f"{path}?api-version={quote(self.api_version)}"
