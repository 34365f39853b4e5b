"""Which API answers at which path. Both prefixes of OpenAI's, `/v1` and `/api/v1`, are the same routes."""

from collections.abc import Mapping

import attrs

from gateway.apis.api import Api
from gateway.apis.chat import CHAT
from gateway.apis.counts import COUNTS
from gateway.apis.embeddings import EMBEDDINGS
from gateway.apis.messages import MESSAGES
from gateway.voice import OPENAI, Voice

PREFIXES = ("/v1", "/api/v1")

_PATHS: Mapping[str, Api] = {
    "/chat/completions": CHAT,
    "/embeddings": EMBEDDINGS,
    "/messages": MESSAGES,
    "/messages/count_tokens": COUNTS,
}


@attrs.frozen
class Route:
    """An API at a path. `said` is what the path itself says, such as the model."""

    api: Api
    said: Mapping[str, str] = attrs.field(factory=dict)


FIXED: Mapping[str, Route] = {
    prefix + path: Route(api) for prefix in PREFIXES for path, api in _PATHS.items()
}
"""Routes by their whole path; a POST to one of them is a call."""

RULES: tuple[str, ...] = tuple(FIXED)
"""The paths again, as the framework's rules."""


def find(path: str) -> Route | None:
    """The API that a POST to this path is for, if it is for one."""
    return FIXED.get(path)


def voice_at(path: str) -> Voice:
    """In which voice a request to this path is refused, whether there is such a path or not."""
    route = find(path)
    return OPENAI if route is None else route.api.voice
