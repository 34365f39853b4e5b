"""Targets."""

import pytest

from policies.target import Target


def test_a_target_without_weight_could_never_be_chosen_and_is_refused():
    """Weights divide scores, so zero and less are errors where they are made."""
    with pytest.raises(ValueError, match="weight"):
        Target("a-1", "a", "a", "m", weight=0.0)


def test_equal_targets_are_equal_values():
    """Targets are facts: they compare and hash by what they say."""
    assert len({Target("a-1", "a", "a", "m"), Target("a-1", "a", "a", "m")}) == 1
