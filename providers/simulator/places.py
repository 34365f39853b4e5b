"""What a path asks for, whoever's prefix it has: the operation, and the model if that stands there. Pure.

/v1/chat/completions, /api/paas/v4/chat/completions, /chat/completions   chat/completions
/openai/deployments/NAME/embeddings                                      embeddings of NAME
/v1beta/models/NAME:generateContent, Vertex's /v1/projects/…/NAME:…      generateContent of NAME
/model/NAME/converse                                                     converse of NAME
"""

import re
from urllib.parse import parse_qs, unquote

import attrs

_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d*)?", re.ASCII)
_PREFIXES = frozenset({"openai", "serving-endpoints", "compatibility", "models"})
_STREAM = "streamGenerateContent"


@attrs.frozen
class Place:
    """Where a request goes. `model` is empty where the path has none."""

    method: str
    operation: str
    model: str = ""


def place(method: str, path: str, query: str = "") -> Place:
    """The place of a path, its prefix removed. Of the query, only the form of Google's streams counts."""
    segments = [segment for segment in path.split("/") if segment]
    if ":" in path.rpartition("/")[2] and "models" in segments:
        return _google(method, segments, query)
    if segments[:1] == ["model"] and len(segments) > 2:
        return Place(method, segments[-1], unquote("/".join(segments[1:-1])))
    if "deployments" in segments[:-2]:
        at = segments.index("deployments")
        return Place(method, "/".join(segments[at + 2 :]), unquote(segments[at + 1]))
    return Place(method, "/".join(_bare(segments)))


def _google(method: str, segments: list[str], query: str) -> Place:
    named = "/".join(segments[segments.index("models") + 1 :])
    model, _, operation = named.rpartition(":")
    if operation == _STREAM and parse_qs(query).get("alt") == ["sse"]:
        operation += "?alt=sse"
    return Place(method, operation, unquote(model))


def _bare(segments: list[str]) -> list[str]:
    """What follows the version, or whatever else stands before an operation."""
    versions = [at for at, segment in enumerate(segments) if _VERSION.fullmatch(segment)]
    rest = segments[versions[-1] + 1 :] if versions else segments
    while len(rest) > 1 and (rest[0] in _PREFIXES or unquote(rest[0]).startswith("<")):
        rest = rest[1:]
    return rest
