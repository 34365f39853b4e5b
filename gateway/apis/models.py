"""Lists of models, in the shapes that clients of each API know."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from gateway.catalog import Offer


@attrs.frozen
class ModelShape:
    """How a model is told, and how several are."""

    body: Callable[[Offer], dict[str, Any]]
    listed: Callable[[Sequence[Offer]], dict[str, Any]]


def _openai(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.id,
        "object": "model",
        "created": offer.created,
        "owned_by": offer.owned_by,
        "permission": [],
        "root": offer.id,
        "parent": None,
    }


def _openai_list(offers: Sequence[Offer]) -> dict[str, Any]:
    return {"object": "list", "data": [_openai(offer) for offer in offers]}


def _anthropic(offer: Offer) -> dict[str, Any]:
    """Anthropic writes the year 1970 where it does not know when a model was made."""
    made = datetime.fromtimestamp(offer.created, UTC)
    return {
        "type": "model",
        "id": offer.id,
        "display_name": offer.id,
        "created_at": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _anthropic_list(offers: Sequence[Offer]) -> dict[str, Any]:
    """All on one page."""
    ids = [offer.id for offer in offers]
    return {
        "data": [_anthropic(offer) for offer in offers],
        "has_more": False,
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
    }


def _google(offer: Offer) -> dict[str, Any]:
    """All methods: whether a model can be used with one is for its upstream to say."""
    return {
        "name": f"models/{offer.id}",
        "displayName": offer.id,
        "version": "",
        "supportedGenerationMethods": [
            "generateContent",
            "streamGenerateContent",
            "countTokens",
            "embedContent",
            "batchEmbedContents",
        ],
    }


def _google_list(offers: Sequence[Offer]) -> dict[str, Any]:
    return {"models": [_google(offer) for offer in offers]}


OPENAI = ModelShape(_openai, _openai_list)
ANTHROPIC = ModelShape(_anthropic, _anthropic_list)
GOOGLE = ModelShape(_google, _google_list)
