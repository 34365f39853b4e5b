"""Which parts are our own, as it is told."""

import pytest

from gateway.parts import PARTS, parse_parts


@pytest.mark.parametrize(
    ("told", "parts"),
    [
        ("all", PARTS),
        ("none", ()),
        ("upstream", ("upstream",)),
        (" upstream , routes", ("routes", "upstream")),
    ],
)
def test_parts_are_named_with_commas_between(told: str, parts: tuple[str, ...]) -> None:
    """Or all of them, or none."""
    assert parse_parts(told) == parts


@pytest.mark.parametrize("told", ["", ",", "everything", "upstream,", 1, True, [], None])
def test_anything_else_is_refused(told: object) -> None:
    """With the names there are."""
    with pytest.raises(ValueError, match="upstream"):
        parse_parts(told)
