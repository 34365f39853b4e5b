"""The parts of an item as those of a chat message."""

from typing import Any

import pytest

from gateway.apis.responses_parts import MAX_ITEMS, objects, read_part
from tests.gateway.asked import refusal


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"type": "input_text", "text": "a"}, {"type": "text", "text": "a"}),
        ({"type": "output_text", "text": "a", "annotations": []}, {"type": "text", "text": "a"}),
        ({"type": "refusal", "refusal": "no"}, {"type": "refusal", "refusal": "no"}),
        (
            {"type": "input_image", "image_url": "https://x/y.png", "detail": "low"},
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        ),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:;base64,AA"},
            {"type": "file", "file": {"file_data": "data:;base64,AA", "filename": "a.pdf"}},
        ),
        (
            {"type": "input_file", "file_id": "file-1"},
            {"type": "file", "file": {"file_id": "file-1"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        ),
    ],
)
def test_a_part_has_its_fellow(part: Any, told: Any) -> None:
    """That says the same."""
    assert read_part(part, "p") == told


@pytest.mark.parametrize(
    "part", [{"type": "hologram"}, {"type": "input_image"}, {"type": "input_file", "file_url": "x"}]
)
def test_some_parts_have_none(part: Any) -> None:
    """What OpenAI keeps or fetches, and what nobody here knows."""
    assert read_part(part, "p") is None


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ({"type": 5}, "p.type"),
        ({"type": "input_text"}, "p.text"),
        ({"type": "input_image", "image_url": {"url": "https://x"}}, "p.image_url"),
        ({"type": "input_image", "image_url": "ftp://x"}, "p.image_url"),
        ({"type": "input_file", "file_data": 5}, "p.file_data"),
        ({"type": "input_audio", "input_audio": {"data": "AA"}}, "p.input_audio.format"),
    ],
)
def test_what_is_wrong_is_named(part: Any, where: str) -> None:
    """By its own name."""
    assert refusal(lambda: read_part(part, "p")).param == where


def test_there_may_not_be_any_number_of_items() -> None:
    """Or a chat could not hold them."""
    assert refusal(lambda: list(objects([{}] * (MAX_ITEMS + 1), "input"))).param == "input"
