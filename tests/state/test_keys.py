"""Project keys: their look, their checksum, their digest."""

import random
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from state import keys

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ALPHABET = string.digits + string.ascii_letters


@UNHURRIED
@given(st.sampled_from(["live", "test"]), st.binary(min_size=32, max_size=32))
def test_a_new_key_is_well_formed_and_of_its_environment(environment, chance):
    """Whatever the chance was: prefix, 36 base-62 digits, a right checksum."""
    key = keys.new_key(environment, lambda _: chance)
    assert key.startswith(f"pk_{environment}_")
    assert len(key) == 44
    assert set(key[8:]) <= set(ALPHABET)
    assert keys.parse(key) == environment


def test_two_keys_differ():
    """Chance comes from the operating system if nothing else is handed in."""
    assert keys.new_key("live") != keys.new_key("live")


def test_every_single_wrong_character_is_refused():
    """A typing error never reaches the look-up."""
    key = keys.new_key("live", random.Random(1).randbytes)
    for at in range(len(key)):
        for wrong in ALPHABET + "_-ş ":
            if wrong != key[at]:
                assert keys.parse(key[:at] + wrong + key[at + 1 :]) is None


def test_a_live_key_does_not_become_a_test_key_by_its_prefix():
    """The checksum covers the prefix."""
    key = keys.new_key("live", random.Random(2).randbytes)
    assert keys.parse(key.replace("live", "test")) is None


@pytest.mark.parametrize(
    "text",
    ["", "pk_live_", "sk-proj-abc", "pk_live_" + "0" * 35, "pk_live_" + "0" * 37, "x" * 10**6],
)
def test_what_is_no_key_is_refused(text):
    """Too short, too long, somebody else's."""
    assert keys.parse(text) is None


@UNHURRIED
@given(st.text())
def test_any_text_has_a_digest_and_is_parsed_without_an_error(text):
    """Header values come from strangers."""
    assert len(keys.digest(text)) == 64
    assert keys.parse(text) is None
    assert len(keys.digest("\udcff")) == 64


def test_a_digest_is_the_sha_256_of_the_key():
    """So that it can be checked with any tool."""
    want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert keys.digest("abc") == want


def test_a_hint_tells_keys_apart_and_gives_little_away():
    """Four characters of the secret part and the last four, which are checksum."""
    key = keys.new_key("test", random.Random(3).randbytes)
    assert keys.hint(key) == f"{key[8:12]}…{key[-4:]}"
