"""What a turn holds, and arguments that are no object."""

import pytest

from providers.conversation import ImagePart, Message, TextPart, ToolUse


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", {}),
        ("{}", {}),
        ('{"a": 1}', {"a": 1}),
        ("[1]", {"input": [1]}),
        ("{not json", {"input": "{not json"}),
        ("[" * 10_000, {"input": "[" * 10_000}),
    ],
)
def test_arguments_are_an_object_whatever_the_model_wrote(written: str, read: object) -> None:
    """Nothing is lost: what is no object stands in one."""
    assert ToolUse("id", "f", written).fields == read


def test_text_alone_is_one_part_and_nothing_is_none() -> None:
    """Parts are told only where there is more than text."""
    assert Message("user", "a").all_parts == (TextPart("a"),)
    assert Message("user", "").all_parts == ()
    image = ImagePart("https://x")
    assert Message("user", "", (image,)).all_parts == (image,)
