"""What decisions may know of a request."""

import pytest

from policies.features import Features, Scope, size


@pytest.mark.parametrize(
    ("tokens", "bucket"),
    [
        (0, "1k"),
        (1_000, "1k"),
        (1_001, "4k"),
        (4_000, "4k"),
        (16_000, "16k"),
        (16_001, "64k"),
        (64_000, "64k"),
        (64_001, "over"),
        (10**9, "over"),
    ],
)
def test_prompts_are_alike_by_their_size(tokens, bucket):
    """Four steps of four, and what is longer."""
    assert size(tokens) == bucket


def test_an_attempt_s_scope_is_its_model_its_size_and_its_cache():
    """Warm and cold prompts are different things: one's time says nothing of the other's."""
    features = Features(prompt_tokens=5_000)
    assert features.scope("m") == Scope("m", "16k", warm=False)
    assert features.scope("m", warm=True) != features.scope("m")
