"""Exports appear whole or not at all."""

from pathlib import Path

import pytest

from benchmarks.export.out import complete, named


def test_a_file_appears_when_it_is_complete(tmp_path):
    """Until then what was there stays there."""
    out = tmp_path / "x"
    out.write_text("old")
    with complete(out) as part:
        part.write_text("new")
        assert out.read_text() == "old"
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("x", "new")]


def test_half_an_export_is_none(tmp_path):
    """Where reading fails half way nothing is left behind."""

    def fail():
        with complete(tmp_path / "x") as part:
            part.write_text("half")
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_to_as_it_is():
    """Nobody renames a file over a pipe."""
    with complete(Path("/dev/null")) as part:
        assert part == Path("/dev/null")


def test_names_become_names_of_files():
    """Slashes do not become folders, and two names never share a file."""
    found = named(Path("d/ttft.hgrm"), ["a/b", "a?b", ""])
    assert found == {
        "": Path("d/ttft.hgrm"),
        "a/b": Path("d/ttft.a_b.hgrm"),
        "a?b": Path("d/ttft.a_b-2.hgrm"),
    }
