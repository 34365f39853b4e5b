"""What is shown of an upstream's words holds nobody's secrets."""

import pytest

from providers.redaction import safe

KEYS = [
    "sk-proj-abcDEF123_456",
    "sk-ant-api03-AAAA-bbbb_cccc",
    "sk-wrong****-key",
    "sk-abc***xyz",
    "invalid-*****2345",
    "***********",
    "****-key",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "pk_live_abc123",
    "pk_test_abc123",
    "gsk_abc123",
    "hf_abcDEF",
    "xai-abc123",
    "org-AbC123dEf456",
    "org_01jabcdef",
    "user_2abcdefgh",
    "proj_AbCdEf123",
    "projects/my-project-1",
    "0123456789abcdef0123456789abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "ya29.c.abc-DEF_123",
    "arn:aws:iam::123456789012:user/ada",
    "robot@a-project.iam.gserviceaccount.com",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("place", ["{}", "Your key {}, it is wrong.", 'bad "{}"', "is:{}\nand"])
def test_what_looks_like_a_credential_or_an_account_is_blotted_out(key: str, place: str):
    """Wherever it stands in the text."""
    shown = safe(place.format(key), 500)
    assert shown is not None
    assert key not in shown
    assert key[4:] not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def/ghi is bad", "Authorization: Bearer *** is bad"),
        ("Incorrect API key provided: my-key. Find", "Incorrect API key provided: *** Find"),
        ("not been used in project 123456789 before", "not been used in *** before"),
        ("(consumer project_number:x project=1234567)", "(consumer project_number:x ***)"),
    ],
)
def test_secrets_that_only_their_place_betrays_are_blotted_out(text: str, shown: str):
    """A token behind `Bearer`, a key behind `key provided:`, a project's number."""
    assert safe(text, 500) == shown


@pytest.mark.parametrize(
    "text",
    [
        "The model `claude-3-5-sonnet-20241022` does not exist",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8 is not available",
        "A task-based, risk-free **bold** statement about organizations and projects.",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "This model's maximum context length is 2048 tokens. However, you requested 2723 tokens",
    ],
)
def test_the_words_of_a_reason_stay(text: str):
    """Model names and parameters are what the reader needs."""
    assert safe(text, 500) == text


def test_long_texts_are_cut_and_their_secrets_never_by_half():
    """A key across the cut leaves no head of itself behind."""
    assert safe("word " * 19 + "sk-" + "a" * 40, 100) == "word " * 19 + "***"
    shown = safe("word " * 1000, 100)
    assert shown is not None
    assert len(shown) == 100
    assert shown.endswith("…")


def test_lines_become_one():
    """A message is a line in a log, too."""
    assert safe("a\r\n\tb\n", 500) == "a b"


def test_numbers_are_shown_in_digits():
    """Some providers give codes as numbers."""
    assert safe(1300, 500) == "1300"


@pytest.mark.parametrize(
    "value", [None, "", " \n", {}, [], True, 1.5, "<html>x</html>", " <!doctype"]
)
def test_what_is_no_text_to_show_is_none(value: object):
    """Nothing, HTML, and JSON that is not a text."""
    assert safe(value, 500) is None


def test_hostile_text_takes_no_time():
    """Runs of the patterns' own characters are looked at once, not once for every start."""
    for run in ("a", "*", "sk-", "a-", "a.", "project ", "Bearer ", "a*"):
        safe(run * 1_000_000, 500)
