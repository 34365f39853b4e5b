"""Google's own kind of schema as a JSON schema. Pure.

    {"type": "ARRAY", "nullable": true, "minItems": "2", "items": {"type": "STRING"}}

It is a subset of OpenAPI's: types are in capitals, whole numbers may be texts, and null is no type.
"""

from typing import Any

from gateway.apis.names import camel

ONE = ("items", "additionalProperties")
SEVERAL = ("anyOf", "oneOf", "allOf", "prefixItems")
BY_NAME = ("properties",)
"""Where schemas stand within a schema."""

SIZES = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
NO_TYPE = "TYPE_UNSPECIFIED"


def schema_of(given: Any) -> Any:
    """The JSON schema; what is no object is left as it is."""
    if not isinstance(given, dict):
        return given
    named = ((camel(name), value) for name, value in given.items())
    return _typed({name: _within(name, value) for name, value in named})


def _within(name: str, value: Any) -> Any:
    """A member of a schema."""
    if name in ONE:
        return schema_of(value)
    if name in SEVERAL and isinstance(value, list):
        return [schema_of(each) for each in value]
    if name in BY_NAME and isinstance(value, dict):
        return {known: schema_of(each) for known, each in value.items()}
    if name in SIZES and isinstance(value, str) and value.isdecimal():
        return int(value)
    return value


def _typed(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = kind.lower()
    if kind == NO_TYPE:
        del schema["type"]
    if schema.pop("nullable", None) is True:
        _allow_null(schema)
    return schema


def _allow_null(schema: dict[str, Any]) -> None:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if isinstance(schema.get("enum"), list):
        schema["enum"] = [*schema["enum"], None]
    if isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
