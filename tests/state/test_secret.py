"""The installation's secret: made once, then the same."""

from pathlib import Path

import pytest

from state.secret import LENGTH, installation_secret


def test_it_is_made_once_and_then_stays(tmp_path: Path) -> None:
    """Hashes made before a restart must be found again after it."""
    first = installation_secret(tmp_path / "state")

    assert len(first) == LENGTH
    assert installation_secret(tmp_path / "state") == first
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["secret"]


def test_two_installations_have_two(tmp_path: Path) -> None:
    """A hash of one tells the other nothing."""
    assert installation_secret(tmp_path / "a") != installation_secret(tmp_path / "b")


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """It is a secret."""
    installation_secret(tmp_path)

    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """Going on with less would make hashes that can be guessed."""
    (tmp_path / "secret").write_bytes(b"short")

    with pytest.raises(ValueError, match="should hold 32 bytes and holds 5"):
        installation_secret(tmp_path)
