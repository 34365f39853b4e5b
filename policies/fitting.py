"""The smallest value that fits a JSON schema, always the same: what test mode answers to a demand for JSON.

Required members only, text is `text`, numbers are 0, arrays are empty, of alternatives the first that can be
met is taken; bounds, lengths and the usual formats are kept. What only says which values do not fit (`pattern`,
`not`, `if`, `uniqueItems`) is not looked at.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import attrs

Schema: TypeAlias = Mapping[str, Any]

MOST = 500
"""Values within one value, and characters of one text: a schema of a few lines may ask for billions."""

_DEEPEST = 50
_LARGEST = 1e15
_TEXT = "text"
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class NothingFits(Exception):
    """The schema asks for itself without end, for too much, or for what it does not define."""


def fit(schema: Schema) -> Any:
    """A value that fits.

    Raises:
        NothingFits: none was found.
    """
    return _Fitting(schema).fit(schema, ())


@attrs.define(eq=False)
class _Fitting:
    """One schema being filled in. A `path` has a word a step: the reference that was followed, or nothing."""

    root: Schema
    values: int = 0

    def fit(self, schema: Any, path: tuple[str, ...]) -> Any:
        self.values += 1
        if self.values > MOST or len(path) > _DEEPEST:
            raise NothingFits("the schema asks for too much")
        if not isinstance(schema, Mapping):
            return _TEXT
        if "$ref" in schema:
            return self._referred(schema, path)
        if parts := _schemas(schema.get("allOf")):
            return self.fit(_joined([_without(schema, "allOf"), *parts]), (*path, ""))
        for name in ("anyOf", "oneOf"):
            if _schemas(schema.get(name)):
                return self._alternative(schema, name, path)
        return self._single(schema, path)

    def _referred(self, schema: Schema, path: tuple[str, ...]) -> Any:
        pointer = str(schema["$ref"])
        if pointer in path:
            raise NothingFits(f"the schema {pointer} asks for itself without end")
        found = _joined([_without(schema, "$ref"), _resolved(self.root, pointer)])
        return self.fit(found, (*path, pointer))

    def _alternative(self, schema: Schema, name: str, path: tuple[str, ...]) -> Any:
        rest = _without(schema, name)
        failed: NothingFits | None = None
        for branch in _schemas(schema[name]):
            try:
                return self.fit(_joined([rest, branch]), (*path, ""))
            except NothingFits as error:
                failed = error
        raise failed or NothingFits(f"{name} is empty")

    def _single(self, schema: Schema, path: tuple[str, ...]) -> Any:
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum")
        return choices[0] if isinstance(choices, list) and choices else self._typed(schema, path)

    def _typed(self, schema: Schema, path: tuple[str, ...]) -> Any:
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, path)
        if kind == "array":
            return self._array(schema, path)
        if kind in ("number", "integer"):
            return _number(schema, whole=kind == "integer")
        if kind in ("boolean", "null"):
            return False if kind == "boolean" else None
        return _text(schema)

    def _object(self, schema: Schema, path: tuple[str, ...]) -> dict[str, Any]:
        known = _members(schema)
        return {name: self.fit(known.get(name), (*path, "")) for name in _required(schema)}

    def _array(self, schema: Schema, path: tuple[str, ...]) -> list[Any]:
        first, rest = schema.get("prefixItems"), schema.get("items")
        items = first if isinstance(first, list) else []
        least = int(max(_bounds(schema, "minItems"), default=0))
        return [
            self.fit(items[at] if at < len(items) else rest, (*path, "")) for at in range(least)
        ]


def _kind(schema: Schema) -> str:
    """The type that is meant, told or not; of several the first but null."""
    told = schema.get("type")
    kinds = [str(kind).lower() for kind in (told if isinstance(told, list) else [told]) if kind]
    if kinds:
        return next((kind for kind in kinds if kind != "null"), "null")
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _number(schema: Schema, *, whole: bool) -> int | float:
    """0 where it fits, else the lowest that fits, else the highest, else one between."""
    low = max(_bounds(schema, "minimum", "exclusiveMinimum"), default=None)
    high = min(_bounds(schema, "maximum", "exclusiveMaximum"), default=None)
    tries: list[float] = [0]
    tries += [] if low is None else [low, low + 1]
    tries += [] if high is None else [high, high - 1]
    tries += [] if low is None or high is None else [(low + high) / 2]
    for number in tries:
        for value in _rounded(number, _step(schema, whole=whole)):
            if _within(schema, value):
                return int(value) if value == int(value) else value
    raise NothingFits("no number lies between the bounds")


def _step(schema: Schema, *, whole: bool) -> float:
    step = next(iter(_bounds(schema, "multipleOf")), 0)
    if whole and step != int(step):
        return 1
    return step if step > 0 else int(whole)


def _rounded(number: float, step: float) -> Sequence[float]:
    """The multiples of `step` above and below; 0 makes no steps."""
    if not step:
        return (number,)
    return math.ceil(number / step) * step, math.floor(number / step) * step


def _within(schema: Schema, value: float) -> bool:
    return (
        all(value >= bound for bound in _bounds(schema, "minimum"))
        and all(value <= bound for bound in _bounds(schema, "maximum"))
        and all(value > bound for bound in _bounds(schema, "exclusiveMinimum"))
        and all(value < bound for bound in _bounds(schema, "exclusiveMaximum"))
    )


def _text(schema: Schema) -> str:
    """A text of that format, as long as it must be and no longer than it may be."""
    made = _FORMATS.get(str(schema.get("format")), _TEXT)
    least = max(_bounds(schema, "minLength"), default=0)
    if least > MOST:
        raise NothingFits("the schema asks for too long a text")
    made += _TEXT * math.ceil(max(0, least - len(made)) / len(_TEXT))
    return made[: int(max(0, min(_bounds(schema, "maxLength"), default=len(made))))]


def _bounds(schema: Schema, *names: str) -> list[float]:
    """The numbers that the schema has under these names, none larger than can be reckoned with."""
    told = [schema.get(name) for name in names]
    numbers = [one for one in told if isinstance(one, int | float) and not isinstance(one, bool)]
    return [max(-_LARGEST, min(_LARGEST, number)) for number in numbers]


def _schemas(value: Any) -> list[Schema]:
    """The schemas in a list of them."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _without(schema: Schema, name: str) -> Schema:
    return {key: value for key, value in schema.items() if key != name}


def _joined(schemas: Sequence[Schema]) -> Schema:
    """All of them at once: their members and what they require together, otherwise the last word counts."""
    joined: dict[str, Any] = {}
    for schema in schemas:
        properties = {**_members(joined), **_members(schema)}
        required = [*_required(joined), *_required(schema)]
        joined |= schema
        joined |= {"properties": properties} if properties else {}
        joined |= {"required": required} if required else {}
    return joined


def _members(schema: Schema) -> Schema:
    members = schema.get("properties")
    return members if isinstance(members, Mapping) else {}


def _required(schema: Schema) -> list[str]:
    names = schema.get("required")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _resolved(root: Schema, pointer: str) -> Schema:
    """What a JSON pointer within the schema leads to.

    Raises:
        NothingFits: nothing, or somewhere else altogether.
    """
    found: Any = root
    if not pointer.startswith("#"):
        raise NothingFits(f"{pointer[:80]} is not in this schema")
    for part in pointer.removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise NothingFits(f"{pointer[:80]} is not in this schema")
    return found
