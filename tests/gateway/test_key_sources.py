"""Where pooled credentials come from."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config_errors import Mistake
from gateway.key_sources import FoundKey, clean, find_key, name_keys
from providers.types import Secret

CANARY = "sk-CANARY-0123456789"


def refusal(reference: Any, environ: dict[str, str], folder: Path) -> Mistake:
    """The mistake that reading this reference raises."""
    with pytest.raises(Mistake) as refused:
        find_key(reference, environ, folder)
    return refused.value


def test_a_key_is_taken_from_the_environment(tmp_path: Path):
    """White space around it, as from a careless export, is cut."""
    found = find_key(" env:MY_KEY ", {"MY_KEY": f" {CANARY}\n"}, tmp_path)
    assert found == FoundKey(Secret(CANARY), "env:MY_KEY")


def test_a_key_is_taken_from_a_file_beside_the_configuration(tmp_path: Path):
    """A relative path starts at the folder given; the origin is absolute."""
    (tmp_path / "openai").write_text(f"{CANARY}\n")
    found = find_key("file:openai", {}, tmp_path)
    assert found == FoundKey(Secret(CANARY), f"file:{tmp_path}/openai")


def test_a_key_may_stand_as_it_is(tmp_path: Path):
    """Its origin does not repeat it."""
    assert find_key(CANARY, {}, tmp_path) == FoundKey(Secret(CANARY), "raw")


def test_an_access_key_of_aws_is_put_together(tmp_path: Path):
    """Of two variables or three, under any prefix; a whole one is left as it is."""
    environ = {"AWS_ACCESS_KEY_ID": "AKIAX", "AWS_SECRET_ACCESS_KEY": " s3cret\n"}
    whole = Secret("AKIAX:s3cret")
    assert find_key("env:AWS_ACCESS_KEY_ID", environ, tmp_path).secret == whole
    environ = {f"B_{name}": value for name, value in environ.items()}
    environ["B_AWS_SESSION_TOKEN"] = "t"
    found = find_key("env:B_AWS_ACCESS_KEY_ID", environ, tmp_path)
    assert found == FoundKey(Secret("AKIAX:s3cret:t"), "env:B_AWS_ACCESS_KEY_ID")
    ready = {"AWS_ACCESS_KEY_ID": "AKIAX:s3cret"}
    assert find_key("env:AWS_ACCESS_KEY_ID", ready, tmp_path).secret == whole
    mistake = refusal("env:AWS_ACCESS_KEY_ID", {"AWS_ACCESS_KEY_ID": "AKIAX"}, tmp_path)
    assert "AWS_SECRET_ACCESS_KEY" in str(mistake)


def test_a_service_accounts_file_is_taken_whole(tmp_path: Path):
    """Or the variable that holds it; on one line, to be compared; half of one is told without its words."""
    (tmp_path / "robot.json").write_text('{\n  "type": "service_account",\n  "key": "a b"\n}\n')
    found = find_key("file:robot.json", {}, tmp_path)
    assert found.secret == Secret('{"type":"service_account","key":"a b"}')
    environ = {"ROBOT": '{ "type": "service_account", "key": "a b" }'}
    assert find_key("env:ROBOT", environ, tmp_path).secret == found.secret
    (tmp_path / "half.json").write_text('{"key": "CANARY')
    mistake = refusal("file:half.json", {}, tmp_path)
    assert "no valid JSON" in str(mistake)
    assert "CANARY" not in str(mistake)


def test_an_unset_variable_is_named_with_the_nearest_that_is_set(tmp_path: Path):
    """A slip in the name is the likeliest reason."""
    mistake = refusal("env:OPENAI_KEY", {"OPENAI_API_KEY": "x", "HOME": "/"}, tmp_path)
    assert str(mistake) == "environment variable OPENAI_KEY is not set"
    assert mistake.suggestion == 'did you mean "OPENAI_API_KEY"?'


def test_an_unset_second_key_is_not_taken_for_a_misspelt_first(tmp_path: Path):
    """OPENAI_API_KEY_2 is simply to be set."""
    mistake = refusal("env:OPENAI_API_KEY_2", {"OPENAI_API_KEY": "x"}, tmp_path)
    assert mistake.suggestion == "set it, or take the key from file:PATH"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_variable_is_no_key(text: str, tmp_path: Path):
    """Set but empty is told apart from unset."""
    mistake = refusal("env:MY_KEY", {"MY_KEY": text}, tmp_path)
    assert str(mistake) == "environment variable MY_KEY is empty"


@pytest.mark.parametrize("text", ["sk-a b", "sk-a\r\nx: y", "schlüssel", "sk\x00"])
def test_what_no_header_may_hold_is_no_key(text: str):
    """A line break in a key would be a header of its own."""
    with pytest.raises(Mistake, match="characters that no key has"):
        clean(text, "the key")


def test_a_missing_file_is_told_with_its_path_and_the_reason(tmp_path: Path):
    """The operating system knows best why."""
    mistake = refusal("file:/nowhere/key", {}, tmp_path)
    assert str(mistake) == "file /nowhere/key cannot be read: No such file or directory"


def test_a_file_of_other_bytes_is_no_key(tmp_path: Path):
    """Binary rubbish is refused like a missing file."""
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read: it is no text" in str(refusal("file:./key", {}, tmp_path))


@pytest.mark.parametrize(
    ("reference", "suggestion"),
    [
        ("MY_KEY", 'write "env:MY_KEY"'),
        ("OTHER_KEY", 'write "env:NAME"'),
        ("ENV:MY_KEY", 'write "env:NAME" or "file:PATH"'),
        ("File:/run/x", 'write "env:NAME" or "file:PATH"'),
        ("environment:MY_KEY", 'write "env:NAME" or "file:PATH"'),
    ],
)
def test_a_reference_that_was_not_written_as_one_is_no_raw_key(
    reference: str, suggestion: str, tmp_path: Path
):
    """Otherwise the name of a variable would go upstream as a credential."""
    assert refusal(reference, {"MY_KEY": CANARY}, tmp_path).suggestion == suggestion


@pytest.mark.parametrize("reference", [5, None, ["env:X"], True])
def test_only_texts_are_references(reference: Any, tmp_path: Path):
    """A list in the list is not followed."""
    assert "expected" in str(refusal(reference, {}, tmp_path))


@pytest.mark.parametrize(
    "reference",
    [
        f"env:{CANARY}",
        "env:gsk_CANARYabcdef",
        f"file:{CANARY}",
        f"{CANARY} {CANARY}",
        f"env :{CANARY}",
        f"{CANARY}\x00",
    ],
)
def test_a_key_in_the_wrong_place_is_not_shown(reference: str, tmp_path: Path):
    """People put keys where names belong; messages end up in logs."""
    mistake = refusal(reference, {}, tmp_path)
    assert "CANARY" not in f"{mistake} {mistake.suggestion} {mistake!r}"


def test_keys_are_named_for_their_provider_and_counted_from_one():
    """Also a single key has its number, so that a second does not rename it."""
    found = [FoundKey(Secret("a"), "raw"), FoundKey(Secret("b"), "env:B")]
    assert [key.name for key in name_keys("openai", "org", found)] == ["openai-1", "openai-2"]
    assert {key.domain for key in name_keys("openai", "org", found)} == {"org"}


def test_a_provider_without_keys_has_one_anonymous_key():
    """Something must stand for the upstream where it asks for no credential."""
    (key,) = name_keys("local", "local", [])
    assert (key.name, key.secret, key.origin) == ("local-1", Secret(""), "none")
