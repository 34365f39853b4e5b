"""Which API answers at which path. Both prefixes of OpenAI's, `/v1` and `/api/v1`, are the same routes."""

import re
from collections.abc import Mapping

import attrs

from gateway.apis import generate
from gateway.apis.api import Api
from gateway.apis.chat import CHAT
from gateway.apis.completions import COMPLETIONS
from gateway.apis.counts import COUNTS
from gateway.apis.embeddings import EMBEDDINGS
from gateway.apis.google import GOOGLE
from gateway.apis.messages import MESSAGES
from gateway.apis.plain import PLAIN
from gateway.apis.responses import RESPONSES
from gateway.voice import OPENAI, Voice

PREFIXES = ("/v1", "/api/v1")
BETA = "/v1beta"
GOOGLES = (BETA, *PREFIXES)
"""Google's paths begin with any of these."""

_METHOD = re.compile(r"(?:/v1beta|/v1|/api/v1)/models/(?P<model>.+):(?P<method>[A-Za-z]+)")

_PATHS: Mapping[str, Api] = {
    "/chat/completions": CHAT,
    "/completions": COMPLETIONS,
    "/embeddings": EMBEDDINGS,
    "/messages": MESSAGES,
    "/messages/count_tokens": COUNTS,
    **PLAIN,
    "/responses": RESPONSES,
}


@attrs.frozen
class Route:
    """An API at a path. `said` is what the path itself says, such as the model."""

    api: Api
    said: Mapping[str, str] = attrs.field(factory=dict)


FIXED: Mapping[str, Route] = {
    prefix + path: Route(api) for prefix in PREFIXES for path, api in _PATHS.items()
} | {"/v2/rerank": Route(PLAIN["/rerank"])}  # as Cohere's own clients ask
"""Routes by their whole path; a POST to one of them is a call."""

RULES: tuple[str, ...] = (*FIXED, *(f"{prefix}/models/<path:_said>" for prefix in GOOGLES))
"""The paths again, as the framework's rules."""


def find(path: str, query: str = "") -> Route | None:
    """The API that a POST to this path is for, if it is for one. `query` is as it stands in the address."""
    fixed = FIXED.get(path)
    if fixed is not None:
        return fixed
    asked = _METHOD.fullmatch(path)
    if asked is None:
        return None
    api = generate.method(asked["method"], events="alt=sse" in query.lower().split("&"))
    return None if api is None else Route(api, {"model": asked["model"].removeprefix("models/")})


def voice_at(path: str, query: str = "") -> Voice:
    """In which voice a request to this path is refused, whether there is such a path or not."""
    route = find(path, query)
    if route is not None:
        return route.api.voice
    return GOOGLE if path.startswith(BETA) or _METHOD.fullmatch(path) else OPENAI
