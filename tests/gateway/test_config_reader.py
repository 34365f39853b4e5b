"""Strict reading of TOML values into classes, with every mistake and its place."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import attrs
import cattrs
import pytest
from cattrs.errors import ClassValidationError

from gateway.config_errors import ConfigError, Mistake
from gateway.config_reader import Reads, add_reader, add_table, explain, strict_converter
from gateway.quantities import parse_duration


@attrs.frozen
class Hen:
    """A table in a table."""

    name: str
    eggs: int = 0
    rest: Annotated[float, Reads(parse_duration)] = 0.0


@attrs.frozen
class Yard:
    """The whole document."""

    hens: dict[str, Hen] = attrs.Factory(dict)
    days: tuple[str, ...] = ()
    open: bool = False
    dog: complex | None = None


def only_one_yard(table: Mapping[str, Any]) -> Iterator[Mistake]:
    """A check of the table as it was written."""
    if "dog" in table and "hens" in table:
        yield Mistake("dogs and hens do not mix", "leave one out", at=("hens", "all", 0))


def converter() -> cattrs.Converter:
    """Knows both classes, and reads a complex number as a dog."""
    strict = strict_converter()
    add_reader(strict, complex, complex)
    add_table(strict, Hen)
    add_table(strict, Yard, check=only_one_yard)
    return strict


def mistakes(document: Any) -> list[ConfigError]:
    """What is wrong with the document."""
    with pytest.raises(ClassValidationError) as refused:
        converter().structure(document, Yard)
    return list(explain(refused.value))


def test_a_correct_document_becomes_its_classes():
    """Lists become tuples, tables dictionaries or classes, annotated values are read."""
    document = {"hens": {"a": {"name": "A", "rest": "2m"}}, "days": ["mon"], "open": True}
    assert converter().structure(document, Yard) == Yard({"a": Hen("A", 0, 120.0)}, ("mon",), True)


def test_every_mistake_is_found_with_its_place():
    """Depth and number do not matter."""
    document = {
        "hens": {"a": {"eggs": "many"}, "b.c": {"name": 5, "rest": "soon", "eg": 1}, "d": 3},
        "days": ["mon", 2],
        "open": 1,
        "opne": True,
    }
    told = {error.path: error for error in mistakes(document)}
    assert told.keys() == {
        *("hens.a.name", "hens.a.eggs", 'hens."b.c".name', 'hens."b.c".rest', 'hens."b.c".eg'),
        *("hens.d", "days[1]", "open", "opne"),
    }
    assert told["hens.a.name"].message == "is required"
    assert told["hens.d"].message == "expected a table, found a whole number"
    assert told["opne"].suggestion == 'did you mean "open"?'


@pytest.mark.parametrize("value", [1, "true", None, []])
def test_only_true_and_false_are_booleans(value: Any):
    """No value is bent into another type."""
    assert mistakes({"open": value})[0].message.startswith("expected true or false, found ")


@pytest.mark.parametrize("value", [True, 1.0, "1"])
def test_only_whole_numbers_are_whole_numbers(value: Any):
    """True is 1 to Python and to nobody else."""
    (error,) = mistakes({"hens": {"a": {"name": "A", "eggs": value}}})
    assert error.path == "hens.a.eggs"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("mon", "expected a list, found a text"),
        ([], "the list is empty"),
        ({}, "expected a list, found a table"),
    ],
)
def test_lists_are_lists_and_hold_something(value: Any, message: str):
    """A text is not taken for the list of its letters."""
    assert mistakes({"days": value}) == [ConfigError("days", message)]


def test_tables_with_free_names_are_tables():
    """A list of tables (`[[hens]]`) is told from a table of tables."""
    assert mistakes({"hens": [{}]})[0].message == "expected a table, found a list"


def test_an_unknown_key_that_resembles_none_gets_the_list():
    """So that nobody has to look it up."""
    (error,) = mistakes({"zzz": 1})
    assert error.suggestion == "known here: hens, days, open, dog"


def test_a_check_sees_the_table_also_when_its_members_are_wrong():
    """What the members say and what the whole says is told together, with the part that is meant."""
    errors = mistakes({"dog": "1j", "hens": {"a": {}}})
    assert [error.path for error in errors] == ["hens.a.name", "hens.all[0]"]
    assert errors[1].suggestion == "leave one out"


def test_a_bug_in_a_reader_is_not_taken_for_a_mistake_of_the_user():
    """Only ValueErrors are the file's fault."""
    with pytest.raises(TypeError):
        mistakes({"dog": {}})
