"""OpenAI's embeddings as an API among others."""

import json

import pytest

from gateway.apis.api import Asked
from gateway.apis.embeddings import EMBEDDINGS
from gateway.whole import Heading
from providers.errors import BrokenAnswer
from providers.types import Event, Usage, Vectors

HEADING = Heading("1", 5, "m")
ASKED = Asked({"model": "m", "input": "Merhaba"})


def test_a_request_is_read_and_answered_in_openais_form() -> None:
    """Numbers, unless the client wants base64."""
    call = EMBEDDINGS.read(ASKED)
    body = json.loads(EMBEDDINGS.whole(call, HEADING, [Vectors(((0.5,),))], Usage(3, 0, 3)))

    assert body["data"] == [{"object": "embedding", "index": 0, "embedding": [0.5]}]
    assert body["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


@pytest.mark.parametrize("said", [[], [Vectors(((1e300,),))]])
def test_an_answer_without_usable_vectors_is_a_broken_one(said: list[Event]) -> None:
    """So that another key is asked."""
    call = EMBEDDINGS.read(Asked({"model": "m", "input": "x", "encoding_format": "base64"}))
    with pytest.raises(BrokenAnswer):
        EMBEDDINGS.whole(call, HEADING, said, Usage())
