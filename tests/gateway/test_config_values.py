"""Single values of a configuration."""

from typing import Any

import pytest

from gateway.config_errors import Mistake
from gateway.config_values import (
    choice,
    read_amount,
    read_base_url,
    read_header_name,
    read_header_value,
    read_label,
    read_moment,
    read_name,
    read_quantile,
)
from policies.settings import AtQuantile, Moment


@pytest.mark.parametrize("name", ["a", "gemini-a", "Team_1.prod", "x" * 64])
def test_names_are_what_fits_a_header_and_a_target(name: str):
    """Letters, digits, dots, dashes and underscores."""
    assert read_name(name) == name


@pytest.mark.parametrize("name", ["", "a/b", "a b", "-a", "ü", "x" * 65, "a\n", 5])
def test_other_names_are_refused(name: Any):
    """A slash would be ambiguous in a target, a space in a header."""
    with pytest.raises(Mistake, match="a name is up to 64"):
        read_name(name)


@pytest.mark.parametrize("label", ["müşteri", "gemini-*", "google/gemini 2.0"])
def test_labels_are_any_text_of_one_line(label: str):
    """People name projects in their own language."""
    assert read_label(label) == label


@pytest.mark.parametrize("label", ["", " ", " a", "a\nb", "\u202ea", 5, None])
def test_labels_that_nobody_could_read_are_refused(label: Any):
    """Invisible characters make two labels look like one."""
    with pytest.raises(Mistake, match="expected a text"):
        read_label(label)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
        ("https://örnek.example/v1", "https://örnek.example/v1"),
    ],
)
def test_base_urls_lose_the_slash_at_their_end(written: str, url: str):
    """Paths are joined to them with their own slash."""
    assert read_base_url(written) == url


@pytest.mark.parametrize(
    "written",
    [
        *(
            "api.example.com",
            "ftp://h",
            "https://",
            "http://h:x",
            "http://h:0",
            "http://h h",
            5,
            "",
        ),
        *("https://[::1", "https://u:CANARY@h", "https://CANARY@h", "https://h/?key=CANARY"),
        *("https://h/#CANARY", "https://h/\nCANARY"),
    ],
)
def test_what_is_no_plain_address_is_refused_and_not_shown(written: Any):
    """Passwords and keys in URLs end up in logs."""
    with pytest.raises(Mistake, match="address") as refused:
        read_base_url(written)
    assert "CANARY" not in f"{refused.value}{refused.value.suggestion}"


def test_header_names_are_lower_case():
    """So that two spellings are one header."""
    assert read_header_name("X-Org") == "x-org"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "Authorization", "HOST", "api-key", "te"])
def test_headers_that_are_none_or_are_ours_are_refused(name: str):
    """Credentials and framing are the gateway's own business."""
    with pytest.raises(Mistake, match="header"):
        read_header_name(name)


def test_a_header_value_of_one_line_is_kept():
    """Tabs and spaces included."""
    assert read_header_value("a\tb c") == "a\tb c"


@pytest.mark.parametrize("value", ["CANARY\r\nx: y", "CANARYü", 5])
def test_a_header_value_that_could_split_the_request_is_refused_and_not_shown(value: Any):
    """Header injection ends here."""
    with pytest.raises(Mistake) as refused:
        read_header_value(value)
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize("quantile", [0, 1, "100%", -0.5, 1.5])
def test_quantiles_lie_between_zero_and_one(quantile: Any):
    """The slowest ever seen is no quantile that one can wait for."""
    with pytest.raises(ValueError, match="0 "):
        read_quantile(quantile)
    assert read_quantile("95%") == pytest.approx(0.95)


@pytest.mark.parametrize("amount", [-1, True, "5", float("inf"), float("nan"), 10**400])
def test_amounts_are_numbers_and_not_negative(amount: Any):
    """Money in words is not understood."""
    with pytest.raises(Mistake, match="expected a number, not negative"):
        read_amount(amount)
    assert read_amount(5) == 5.0


def test_a_choice_is_one_of_its_words():
    """A near miss is guessed, anything else gets the list."""
    read = choice(["off", "fixed"], "a way to hedge")
    assert read("off") == "off"
    with pytest.raises(Mistake) as near:
        read("fixd")
    assert near.value.suggestion == 'did you mean "fixed"?'
    with pytest.raises(Mistake) as far:
        read("zzz")
    assert far.value.suggestion == "one of: fixed, off"
    with pytest.raises(Mistake, match="expected a way to hedge, found a list"):
        read(["off"])


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("p90", AtQuantile(0.9)),
        ("p99.9", AtQuantile(0.999)),
        (" p99.99 ", AtQuantile(0.9999)),
        ("p5", AtQuantile(0.05)),
        ("2s", 2.0),
        ("250ms", 0.25),
        (0, 0.0),
    ],
)
def test_moments_are_quantiles_or_durations(written: Any, moment: Moment):
    """A quantile is exactly the fraction that is written."""
    assert read_moment(written) == moment


@pytest.mark.parametrize(
    "written", ["p0", "p100", "p101", "p", "P90", "90%", "p-1", "soon", -1, True]
)
def test_what_is_no_moment_is_refused(written: Any):
    """With what may be written instead."""
    with pytest.raises(Mistake, match="a quantile"):
        read_moment(written)
