"""The smallest value that fits a schema."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policies.fitting import MOST, NothingFits, fit

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "alive": {"type": "boolean"},
        "mood": {"enum": ["calm", "wild"]},
        "friends": {"type": "array", "items": {"$ref": "#"}},
        "home": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
            "required": ["city"],
        },
        "nick": {"type": "string"},
    },
    "required": ["name", "age", "alive", "mood", "friends", "home"],
}


def test_what_is_required_is_there_and_nothing_else():
    """The rule for every type."""
    Draft202012Validator(PERSON).validate(fit(PERSON))
    assert fit(PERSON) == {
        "name": "text",
        "age": 0,
        "alive": False,
        "mood": "calm",
        "friends": [],
        "home": {"city": "text"},
    }


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "text"),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 0),
        ({"type": "INTEGER"}, 0),
        ({"const": [1]}, [1]),
        ({"properties": {}}, {}),
        ({"required": ["a"]}, {"a": "text"}),
        ({"items": {}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"prefixItems": [{"type": "null"}], "minItems": 2}, [None, "text"]),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"oneOf": [{"$ref": "#"}, {"type": "integer"}]}, 0),
        ({"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "null"}}}]}, {"a": None}),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "boolean"}}}, False),
        ({"type": "string", "minLength": 6}, "texttext"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "exclusiveMaximum": -3}, -4),
        ({"type": "integer", "minimum": 3, "multipleOf": 5}, 5),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, 1),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
    ],
    ids=str,
)
def test_each_demand_is_met(schema: dict[str, Any], value: Any):
    """As small as it goes."""
    assert fit(schema) == value


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#/$defs/lost"},
        {"properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "minItems": 10**9},
        {"type": "array", "minItems": 10**400},
        {"type": "string", "minLength": 10**9},
        {"type": "integer", "minimum": 2, "maximum": 1},
        {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"anyOf": [{"$ref": "#/x"}, {"$ref": "#"}]},
    ],
    ids=lambda schema: str(schema)[:60],
)
def test_what_nothing_fits_is_told(schema: dict[str, Any]):
    """At once, however much it asks for."""
    with pytest.raises(NothingFits):
        fit(schema)


def test_a_laughing_schema_is_not_laughed_with():
    """Each definition asks for the next one twice: 2 to the power of 40 values, and no memory for them."""
    two = {
        f"d{n}": {
            "properties": {m: {"$ref": f"#/$defs/d{n + 1}"} for m in "ab"},
            "required": ["a", "b"],
        }
        for n in range(40)
    }
    with pytest.raises(NothingFits):
        fit({"$defs": two, "$ref": "#/$defs/d0"})


def test_a_deep_schema_is_not_dug_up():
    """Hundreds of levels are no traceback."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(MOST - 10):
        schema = {"properties": {"a": schema}, "required": ["a"]}
    with pytest.raises(NothingFits):
        fit(schema)


_NAMES = st.sampled_from(["a", "b", "ş", "$ref-like", ""])
_NUMBERS = st.integers(-20, 20)


def _numeric(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Bounds that leave room for a whole number."""
    return st.builds(
        lambda low, room, ends: {
            "type": kind,
            **({"minimum": low} if ends[0] else {}),
            **({"exclusiveMaximum": low + room} if ends[1] else {}),
        },
        _NUMBERS,
        st.integers(1, 9),
        st.tuples(st.booleans(), st.booleans()),
    )


def _textual() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda least, room: {"type": "string", "minLength": least, "maxLength": least + room},
        st.integers(0, 20),
        st.integers(0, 9),
    )


_LEAVES = st.one_of(
    _numeric("integer"),
    _numeric("number"),
    _textual(),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": "string"}, {}]),
    st.builds(
        lambda values: {"enum": values},
        st.lists(st.none() | st.booleans() | _NUMBERS | st.text(max_size=3), min_size=1),
    ),
    st.builds(lambda value: {"const": value}, st.text(max_size=3)),
)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    members = st.dictionaries(_NAMES, inner, max_size=3)
    objects = st.builds(
        lambda properties, keep: {
            "type": "object",
            "properties": properties,
            "required": [name for name in properties if name in keep],
            "additionalProperties": False,
        },
        members,
        st.sets(_NAMES),
    )
    arrays = st.builds(
        lambda items, least: {"type": "array", "items": items, "minItems": least},
        inner,
        st.integers(0, 3),
    )
    either = st.builds(
        lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3)
    )
    return objects | arrays | either


_SCHEMAS = st.recursive(_LEAVES, _nested, max_leaves=8)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(_SCHEMAS)
def test_whatever_can_be_met_is_met_the_same_way_each_time(schema: dict[str, Any]):
    """By the judgement of a library for schemas."""
    value = fit(schema)
    Draft202012Validator(schema).validate(value)
    assert fit(schema) == value


_WORDS = st.sampled_from(
    [
        *("type", "properties", "required", "items", "prefixItems", "minItems"),
        *("anyOf", "allOf", "enum", "$ref", "format", "minLength", "maxLength"),
        *("minimum", "exclusiveMaximum", "multipleOf"),
    ]
)
_KINDS = st.sampled_from(["object", "array", "integer", "number", "string", "#", "#/properties"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.dictionaries(_WORDS, _JSON))
def test_nonsense_has_a_value_or_none(schema: dict[str, Any]):
    """Clients' schemas come unread: nothing but `NothingFits` is raised."""
    with suppress(NothingFits):
        json.dumps(fit(schema))
