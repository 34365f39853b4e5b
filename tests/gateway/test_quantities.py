"""Quantities as people write them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.quantities import (
    is_amount,
    kind_of,
    parse_bind,
    parse_duration,
    parse_share,
    parse_size,
)

NEVER_QUANTITIES = [None, True, [], {}, "", "soon", -1, "-1", float("nan"), float("inf"), 10**400]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("250ms", 0.25),
        ("5s", 5.0),
        ("1.5s", 1.5),
        ("2m", 120.0),
        ("2min", 120.0),
        ("1h", 3600.0),
        ("1d", 86400.0),
        ("1m30s", 90.0),
        ("1h 30m", 5400.0),
        (" 5 s ", 5.0),
        ("0.25", 0.25),
        (0, 0.0),
        (5, 5.0),
        (0.5, 0.5),
    ],
)
def test_durations_are_read_as_seconds(written: Any, seconds: float):
    """Every way people write a duration comes out in seconds."""
    assert parse_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize("written", [*NEVER_QUANTITIES, "5 parsecs", "s", "1e3s", "5s!", "٥s"])
def test_what_is_no_duration_is_refused_with_what_was_expected(written: Any):
    """The message shows the forms that would have been right."""
    with pytest.raises(ValueError, match='expected a duration like "250ms"'):
        parse_duration(written)


def test_a_duration_too_long_to_be_meant_is_refused():
    """A number with hundreds of digits is a mistake, and no overflow."""
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration("9" * 400 + "h")


@settings(derandomize=True)
@given(st.floats(min_value=0, max_value=1e6), st.sampled_from(["ms", "s", "m", "h"]))
def test_a_written_number_and_unit_multiply(number: float, unit: str):
    """Whatever the number, the unit only scales it."""
    scale = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]
    assert parse_duration(f"{number:.6f}{unit}") == pytest.approx(round(number, 6) * scale)


@settings(derandomize=True)
@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_no_input_escapes_as_anything_but_a_quantity_or_a_value_error(value: Any):
    """Readers never fail in another way, and never give what could not measure anything."""
    for read in (parse_duration, parse_size, parse_share):
        try:
            assert is_amount(read(value))
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("20MB", 20_000_000),
        ("20 mb", 20_000_000),
        ("1.5kB", 1500),
        ("1GiB", 2**30),
        ("512KiB", 512 * 1024),
        ("7B", 7),
        ("7", 7),
        (1024, 1024),
    ],
)
def test_sizes_are_read_as_bytes(written: Any, size: int):
    """MB is a million bytes, MiB is 2**20."""
    assert parse_size(written) == size


@pytest.mark.parametrize("written", [*NEVER_QUANTITIES, 1.5, "20 apples", "MB"])
def test_what_is_no_size_is_refused_with_what_was_expected(written: Any):
    """Half a byte is no size either."""
    with pytest.raises(ValueError, match='expected a size like "20MB"'):
        parse_size(written)


@pytest.mark.parametrize(
    ("written", "share"), [("5%", 0.05), ("2.5 %", 0.025), (0.05, 0.05), (0, 0.0), (1, 1.0)]
)
def test_shares_are_read_as_fractions(written: Any, share: float):
    """Percent and fraction mean the same."""
    assert parse_share(written) == pytest.approx(share)


@pytest.mark.parametrize("written", [*NEVER_QUANTITIES, 1.1, 5, "101%", "5", "%"])
def test_what_is_no_share_is_refused_with_what_was_expected(written: Any):
    """More than the whole is a mistake: 5 was meant as 5 % more often than as 500 %."""
    with pytest.raises(ValueError, match="expected a share from 0 to 1"):
        parse_share(written)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("127.0.0.1:8400", ("127.0.0.1", 8400)),
        ("localhost:0", ("localhost", 0)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),
        ("[::1]:8400", ("::1", 8400)),
        ("[fe80::1%eth0]:1", ("fe80::1%eth0", 1)),
        (" my-host.example:80 ", ("my-host.example", 80)),
    ],
)
def test_addresses_are_read_as_host_and_port(written: str, address: tuple[str, int]):
    """IPv6 addresses stand in brackets, as in a URL."""
    assert parse_bind(written) == address


@pytest.mark.parametrize(
    "written",
    [
        *("", ":8400", "8400", "localhost", "localhost:", "h:65536", "h:x", "h:-1", "h:٨٠"),
        *("::1:8400", "[h]:1", "[::1:80", "http://h:80", "a b:80", 8400, None),
    ],
)
def test_what_is_no_address_is_refused_with_what_was_expected(written: Any):
    """A host alone, a port alone and a URL are all refused."""
    with pytest.raises(ValueError, match='expected an address "HOST:PORT"'):
        parse_bind(written)


def test_the_value_found_is_shown_but_not_at_any_length():
    """Somebody's pasted novel stays out of the message."""
    with pytest.raises(ValueError, match='found "soon"'):
        parse_duration("soon")
    with pytest.raises(ValueError, match="…") as refused:
        parse_duration("x" * 1000)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "true or false"),
        ("x", "a text"),
        (1, "a whole number"),
        (1.5, "a number"),
        ([], "a list"),
        ({}, "a table"),
        (None, "a date or time"),
    ],
)
def test_kinds_of_values_have_everyday_names(value: Any, name: str):
    """Messages speak of texts and tables, not of `str` and `dict`."""
    assert kind_of(value) == name
