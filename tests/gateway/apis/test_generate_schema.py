"""Google's kind of schema as a JSON schema."""

from typing import Any

import pytest

from gateway.apis.generate_schema import schema_of


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "OBJECT"}, {"type": "object"}),
        ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "STRING", "nullable": False}, {"type": "string"}),
        (
            {"type": "STRING", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"anyOf": [{"type": "STRING"}], "nullable": True},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
        ),
        ({"type": "TYPE_UNSPECIFIED", "description": "any"}, {"description": "any"}),
        (
            {"type": "ARRAY", "min_items": "2", "items": {"type": "INTEGER"}},
            {"type": "array", "minItems": 2, "items": {"type": "integer"}},
        ),
        ({"type": "object"}, {"type": "object"}),
        (None, None),
        (5, 5),
    ],
)
def test_a_schema_says_the_same_in_jsons_words(given: Any, expected: Any) -> None:
    """Small letters, whole numbers, and null as a type."""
    assert schema_of(given) == expected


def test_only_schemas_are_translated() -> None:
    """Members may be called as a schema's are; examples and defaults are data."""
    given = {
        "type": "OBJECT",
        "properties": {"type": {"type": "STRING"}, "any_of": {"type": "NUMBER", "nullable": True}},
        "default": {"type": "BIG", "nullable": True},
        "example": {"min_items": "2"},
    }
    assert schema_of(given) == {
        "type": "object",
        "properties": {"type": {"type": "string"}, "any_of": {"type": ["number", "null"]}},
        "default": {"type": "BIG", "nullable": True},
        "example": {"min_items": "2"},
    }


def test_what_is_given_stays_as_it_is() -> None:
    """The client's body goes to Google as it came."""
    given = {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}}
    schema_of(given)
    assert given == {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}}
