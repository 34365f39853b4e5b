"""Lists of models in each API's shape."""

import json

from gateway.apis.models import ANTHROPIC, GOOGLE, OPENAI
from gateway.catalog import Catalog, Offer
from gateway.config import KeyConfig, ProviderConfig
from providers.types import Secret

KEYS = (KeyConfig("a-1", Secret("s"), "raw", "a"),)


def offer(name: str) -> Offer:
    found = Catalog({}, (ProviderConfig("a", "openai", "http://x", "a", KEYS),)).find(name)
    assert found is not None
    return found


def test_openais_clients_read_the_documented_shape() -> None:
    """One and several."""
    one = OPENAI.body(offer("gpt-x"))
    assert (one["id"], one["object"], one["root"], one["parent"]) == (
        "gpt-x",
        "model",
        "gpt-x",
        None,
    )
    assert OPENAI.listed([offer("gpt-x")]) == {"object": "list", "data": [one]}


def test_anthropics_clients_read_theirs() -> None:
    """On one page, with the ids at its ends; an empty list has none."""
    told = ANTHROPIC.listed([offer("a"), offer("b")])
    assert [model["id"] for model in told["data"]] == ["a", "b"]
    assert told["data"][0]["type"] == "model"
    assert told["data"][0]["created_at"] == "1970-01-01T00:00:00Z"
    assert (told["has_more"], told["first_id"], told["last_id"]) == (False, "a", "b")
    assert json.loads(json.dumps(ANTHROPIC.listed([])))["first_id"] is None


def test_googles_clients_read_theirs() -> None:
    """Names as Google writes them, with what may be done."""
    (told,) = GOOGLE.listed([offer("a")])["models"]
    assert told == GOOGLE.body(offer("a"))
    assert told["name"] == "models/a"
    assert "generateContent" in told["supportedGenerationMethods"]
