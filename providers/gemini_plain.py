"""The responses that nearly all of a Gemini stream is made of: one candidate's text, and the counts so far.

They are read by a typed decoder, which costs a third of reading them without trust. Whatever else a response
says, it is left to the careful reader.
"""

from typing import Annotated, Any

import msgspec

from providers.lenient import LONGEST_COUNT
from providers.types import Usage

_Count = Annotated[int, msgspec.Meta(ge=0, lt=10**LONGEST_COUNT)]


class _Part(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    thought: bool = False


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    parts: list[_Part]
    role: str = "model"


class _Candidate(msgspec.Struct, forbid_unknown_fields=True):
    content: _Content
    index: int = 0


class _Counts(msgspec.Struct, rename="camel"):
    """Details by modality, and the tier, are read by nobody."""

    prompt_token_count: _Count
    total_token_count: _Count
    candidates_token_count: _Count = 0
    thoughts_token_count: _Count = 0
    cached_content_token_count: _Count = 0
    tool_use_prompt_token_count: _Count = 0

    def read(self) -> Usage:
        """As the careful reader has it."""
        prompt = self.prompt_token_count + self.tool_use_prompt_token_count
        completion = self.candidates_token_count + self.thoughts_token_count
        total = self.total_token_count or prompt + completion
        return Usage(
            prompt, completion, total, self.cached_content_token_count, self.thoughts_token_count
        )


class Response(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A response, as far as it is read."""

    candidates: list[_Candidate]
    usage_metadata: _Counts | None = None
    model_version: Any = None
    response_id: Any = None
    create_time: Any = None

    @property
    def parts(self) -> list[_Part]:
        """What is said."""
        return self.candidates[0].content.parts

    @property
    def usage(self) -> Usage | None:
        """What was used so far, if that is told."""
        return None if self.usage_metadata is None else self.usage_metadata.read()


_decode = msgspec.json.Decoder(Response).decode


def read(data: str | bytes) -> Response | None:
    """A response that is plain: of the first candidate alone. None: it has to be read with care."""
    try:
        response = _decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    plain = len(response.candidates) == 1 and response.candidates[0].index == 0
    return response if plain else None
