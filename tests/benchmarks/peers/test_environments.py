"""Installing into folders: real programs, without a network."""

import sys
from pathlib import Path

import pytest

from benchmarks.peers.environments import (
    Unusable,
    default_home,
    installed,
    node_package,
    python_package,
)


def noting(folder: Path) -> list[list[str]]:
    """An installation that leaves a mark each time it runs."""
    return [[sys.executable, "-c", f"open({str(folder / 'mark')!r}, 'a').write('x')"]]


async def test_what_is_installed_once_is_used_again(tmp_path: Path) -> None:
    """The second time nothing runs."""
    folder = tmp_path / "deep" / "peer"
    await installed(folder, noting)
    await installed(folder, noting)
    assert (folder / "mark").read_text() == "x"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["surely-no-such-program"], "surely-no-such-program is not installed"),
        ([sys.executable, "-c", "print('no room'); exit(3)"], "no room"),
        ([sys.executable, "-c", "exit(3)"], "exit code 3"),
    ],
)
async def test_what_cannot_be_installed_says_why_and_is_tried_again(
    tmp_path: Path, command: list[str], why: str
) -> None:
    """A half-made environment is not taken for a whole one."""
    with pytest.raises(Unusable, match=why):
        await installed(tmp_path, lambda _: [*noting(tmp_path), command])
    await installed(tmp_path, noting)
    assert (tmp_path / "mark").read_text() == "xx"


def test_each_goes_into_its_own_folder(tmp_path: Path) -> None:
    """A virtual environment for Python's, a prefix for node's."""
    make, fill = python_package("thing[extra]")(tmp_path)
    assert make[1:] == ["-m", "venv", str(tmp_path)]
    assert fill == [str(tmp_path / "bin" / "pip"), "install", "--quiet", "thing[extra]"]
    (npm,) = node_package("@some/thing")(tmp_path)
    assert (npm[0], npm[-3:]) == ("npm", ["--prefix", str(tmp_path), "@some/thing"])


def test_the_default_is_the_users_cache() -> None:
    """Where the system keeps such things."""
    assert default_home({"XDG_CACHE_HOME": "/c"}) == Path("/c/hedgerow/peers")
    assert default_home({}) == Path.home() / ".cache" / "hedgerow" / "peers"
