"""From what TOML gave to attrs classes, strictly: cattrs walks, this file makes it exact.

No value is converted that a person did not write so (`"5"` is no number, `1` is not true), unknown
members are mistakes, lists are not empty, and every mistake of the whole document is found, not
just the first. A class may have a `check` that looks at a table as it was written, for what no
single member shows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from typing import Annotated, Any, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import (
    homogenous_tuple_structure_factory,
    is_mapping,
    mapping_structure_factory,
)
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, override

from gateway.config_errors import ConfigError, Mistake, join_path
from gateway.quantities import kind_of
from gateway.suggest import did_you_mean

Read = Callable[[Any], Any]
Check = Callable[[Mapping[str, Any]], Iterable[Mistake]]


@attrs.frozen
class Reads:
    """In `Annotated[float, Reads(parse_duration)]`: how such a value is read.

    `read` raises `ValueError`, or `Mistake` where it has a suggestion.
    """

    read: Read


def strict_converter() -> cattrs.Converter:
    """A converter for TOML's own types, lists (as tuples), free tables and `Annotated` types.

    Classes are added with `add_table`, other types with `add_reader`.
    """
    converter = cattrs.Converter(detailed_validation=True, forbid_extra_keys=True)
    for type_, wanted in ((str, "a text"), (bool, "true or false"), (int, "a whole number")):
        converter.register_structure_hook(type_, _exactly(type_, wanted))
    converter.register_structure_hook_factory(_is_list, _list_hook)
    converter.register_structure_hook_factory(is_mapping, _mapping_hook)
    converter.register_structure_hook_factory(_is_annotated, _annotated_hook)
    return converter


def add_table(
    converter: cattrs.Converter,
    class_: type,
    *,
    check: Check | None = None,
    types: Mapping[str, Any] | None = None,
) -> None:
    """Makes the converter read `class_`: members in `types` as these, the others as declared."""
    overrides: dict[str, Any] = {
        name: override(struct_hook=converter.get_structure_hook(type_))
        for name, type_ in (types or {}).items()
    }
    build: Callable[[Any, Any], Any] = make_dict_structure_fn(
        class_,
        converter,
        _cattrs_use_linecache=False,  # it would keep the code of every reload for ever
        **overrides,
    )

    def structure(value: Any, type_: Any) -> Any:
        table = _must_be(dict, value, "a table")
        mistakes: list[Exception] = list(check(table)) if check else []
        try:
            built = build(table, type_)
        except ClassValidationError as found:
            mistakes[:0] = found.exceptions
        if mistakes:
            raise ClassValidationError("", mistakes, class_)
        return built

    converter.register_structure_hook(class_, structure)


def add_reader(converter: cattrs.Converter, type_: Any, read: Read) -> None:
    """Makes the converter read values of this type with `read`."""
    converter.register_structure_hook(type_, _hook(read))


def explain(error: Exception, path: str = "") -> Iterator[ConfigError]:
    """Every mistake in what a strict converter raised, each with its path below `path`."""
    here = _place(error, path)
    if isinstance(error, BaseValidationError):
        for part in error.exceptions:
            yield from explain(part, here)
    elif isinstance(error, ForbiddenExtraKeysError):
        yield from _unknown_keys(error, here)
    elif isinstance(error, Mistake):
        yield ConfigError(reduce(join_path, error.at, here), str(error), error.suggestion)
    elif isinstance(error, KeyError):  # what cattrs' code meets where a member is absent
        yield ConfigError(here, "is required")
    elif isinstance(error, ValueError):
        yield ConfigError(here, str(error))
    else:
        raise error


def _place(error: Exception, path: str) -> str:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return join_path(path, note.name)
        if isinstance(note, IterableValidationNote):
            return join_path(path, note.index)
    return path


def _unknown_keys(error: ForbiddenExtraKeysError, path: str) -> Iterator[ConfigError]:
    known = [field.name for field in attrs.fields(error.cl)]
    for name in sorted(error.extra_fields):
        hint = did_you_mean(name, known) or f"known here: {', '.join(known)}"
        yield ConfigError(join_path(path, name), "unknown key", hint)


def _hook(read: Read) -> Callable[[Any, Any], Any]:
    return lambda value, _type: read(value)


def _exactly(type_: type, wanted: str) -> Callable[[Any, Any], Any]:
    return lambda value, _type: _must_be(type_, value, wanted)


def _must_be(type_: type, value: Any, wanted: str) -> Any:
    # `type() is`, because a boolean is an int to Python and to nobody else.
    if type(value) is not type_:
        raise Mistake(f"expected {wanted}, found {kind_of(value)}")
    return value


def _is_annotated(type_: Any) -> bool:
    return get_origin(type_) is Annotated and isinstance(type_.__metadata__[0], Reads)


def _annotated_hook(type_: Any) -> Callable[[Any, Any], Any]:
    return _hook(type_.__metadata__[0].read)


def _is_list(type_: Any) -> bool:
    return get_origin(type_) is tuple and get_args(type_)[-1] is Ellipsis


def _list_hook(type_: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    build = homogenous_tuple_structure_factory(type_, converter)

    def structure(value: Any, _type: Any) -> Any:
        if not _must_be(list, value, "a list"):
            raise Mistake("the list is empty")
        return build(value, type_)

    return structure


def _mapping_hook(type_: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    build = mapping_structure_factory(type_, converter)

    def structure(value: Any, _type: Any) -> Any:
        return build(_must_be(dict, value, "a table"), type_)

    return structure
