"""The shared words: what hides itself, and what may end a race."""

import pytest

from providers.errors import BrokenAnswer
from providers.types import (
    Ended,
    Event,
    Failed,
    Finished,
    Secret,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
    Vectors,
    is_semantic,
)


def test_a_secret_shows_itself_to_nobody() -> None:
    """Neither `repr` nor `str` nor formatting gives it away; only asking does."""
    secret = Secret("sk-canary")

    assert "canary" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal == "sk-canary"


@pytest.mark.parametrize(
    ("event", "semantic"),
    [
        (Started("id", "model"), False),
        (UsageSeen(Usage(1, 2, 3)), False),
        (Ended(), False),
        (Failed(BrokenAnswer("cut")), False),
        (TextDelta("word"), True),
        (TextDelta("hm", kind="reasoning"), True),
        (TextDelta("no", kind="refusal"), True),
        (Finished("stop"), True),
        (Vectors(((0.1,),)), True),
    ],
)
def test_only_what_a_client_can_use_ends_a_race(event: Event, semantic: bool) -> None:
    """Acceptance, usage, ends and errors are not answers."""
    assert is_semantic(event) is semantic
