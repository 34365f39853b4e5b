"""The providers' published schemas, from the folder beside the project, as validators.

OpenAPI is nearly JSON Schema: `nullable` is turned into what it means, the rest is taken as it stands.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SHARED = Path(__file__).resolve().parents[2] / "shared"
OPENAI = "openai-openapi.yaml"
GEMINI = "gemini-v1beta-openapi3.ai_clients_dart.json"


def faults(file: str, component: str, value: Any) -> list[str]:
    """What is wrong with a JSON value by a component of a published document; nothing where it is valid."""
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in _validator(file, component).iter_errors(value)
    ]


@cache
def _validator(file: str, component: str) -> Any:
    document = _document(file)
    resource = DRAFT202012.create_resource(document)
    registry: Registry[Any] = Registry().with_resource("urn:api", resource)
    schema = {"$ref": f"urn:api#/components/schemas/{component}"}
    return jsonschema.Draft202012Validator(schema, registry=registry)


@cache
def _document(file: str) -> Any:
    text = (SHARED / "specs" / file).read_text(encoding="utf-8")
    if file.endswith(".json"):
        return _meant(json.loads(text))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _meant(yaml.load(text, loader))


def _meant(schema: Any) -> Any:
    """The same document in JSON Schema's words."""
    if isinstance(schema, list):
        return [_meant(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    meant = dict(_members(schema))
    if schema.get("nullable") is True:
        return {"anyOf": [meant, {"type": "null"}]}
    return meant


def _members(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in schema.items():
        if name in ("nullable", "discriminator", "example", "examples", "x-oaiMeta"):
            continue
        if name in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool):
            continue
        yield name, _meant(value)
