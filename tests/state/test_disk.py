"""The real disk: each method does to a file what it says."""

import os

import pytest

from state.disk import APPEND, Disk


@pytest.fixture
def disk():
    return Disk()


def test_bytes_are_appended_and_cut(disk, tmp_path):
    """Wherever the end is by now."""
    path = tmp_path / "file"
    fd = disk.open(path, APPEND | os.O_CREAT)
    disk.write_all(fd, b"hello ")
    disk.write_all(fd, b"world")
    disk.sync(fd)
    disk.truncate(fd, 5)
    disk.write_all(fd, b"!")
    disk.close(fd)
    assert path.read_bytes() == b"hello!"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_child_process_inherits_no_descriptor(disk, tmp_path):
    """A lock must not outlive its holder in a child."""
    fd = disk.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    assert not os.get_inheritable(fd)
    disk.close(fd)


def test_short_writes_are_finished(tmp_path):
    """The kernel may take fewer bytes than it was given."""

    class Slow(Disk):
        def write(self, fd, data):
            return super().write(fd, data[:3])

    disk = Slow()
    fd = disk.open(tmp_path / "file", APPEND | os.O_CREAT)
    disk.write_all(fd, b"hello world")
    disk.close(fd)
    assert (tmp_path / "file").read_bytes() == b"hello world"


def test_files_are_renamed_and_removed(disk, tmp_path):
    """And the folder can be synced after it."""
    (tmp_path / "a").write_bytes(b"x")
    disk.rename(tmp_path / "a", tmp_path / "b")
    disk.sync_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    disk.remove(tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_with_those_above_them(disk, tmp_path):
    """For their owner only; twice does no harm."""
    folder = tmp_path / "a" / "b" / "c"
    disk.make_folder(folder)
    disk.make_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.parent.stat().st_mode & 0o777 == 0o700
