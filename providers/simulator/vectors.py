"""Embeddings: of unit length, and always the same for the same text and number of dimensions.

Fewer dimensions give the first ones of more, scaled to unit length again, as real models that can be
shortened do. Close texts are not close here: nothing is understood.
"""

import base64
import hashlib
import math
import struct
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

DIMENSIONS: Mapping[str, int] = MappingProxyType(
    {
        "text-embedding-3-small": 1536,
        "text-embedding-3-large": 3072,
        "text-embedding-ada-002": 1536,
        "text-embedding-004": 768,
        "gemini-embedding-001": 3072,
        "gemini-embedding-2": 3072,
    }
)
"""What each model gives when nobody asks for fewer."""

USUAL_DIMENSIONS = 1536
"""What a model that is not in the table gives."""


@lru_cache(maxsize=256)
def vector(text: str, dimensions: int) -> tuple[float, ...]:
    """The embedding of a text."""
    digest = hashlib.shake_128(text.encode("utf-8", "surrogatepass")).digest(2 * dimensions)
    # The half keeps every number, and with it the length, away from zero.
    numbers = [number + 0.5 for number in struct.unpack(f"<{dimensions}h", digest)]
    length = math.sqrt(sum(number * number for number in numbers))
    return tuple(number / length for number in numbers)


def as_base64(values: tuple[float, ...]) -> str:
    """Little-endian float32, as OpenAI sends vectors when asked for base64."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
