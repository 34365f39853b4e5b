"""Where things are on this machine: written paths made absolute, the state's URL made definite.

Written paths are relative to the folder of whoever wrote them: a configuration file's own folder,
or the working directory for the command line and the environment. `~` is the environment's HOME.
"""

from collections.abc import Mapping
from pathlib import Path

from gateway.config_errors import Mistake

_LATER = ("redis:", "rediss:", "valkey:", "valkeys:")


def expand(written: str, environ: Mapping[str, str], folder: Path) -> Path:
    """The absolute path that was meant by `written` in `folder`."""
    home = environ.get("HOME")
    if home and (written == "~" or written.startswith("~/")):
        written = home + written[1:]
    return (folder / Path(written).expanduser()).absolute()


def default_state_url(environ: Mapping[str, str]) -> str:
    """`hedgerow` under XDG_DATA_HOME, or under ~/.local/share where that is not absolute."""
    base = environ.get("XDG_DATA_HOME", "")
    if not base.startswith("/"):
        base = "~/.local/share"
    return f"file:{expand(base, environ, Path('/')) / 'hedgerow'}"


def state_url(written: object, environ: Mapping[str, str], folder: Path) -> str:
    """The URL of the state with an absolute path, from `file:PATH` or `file:///PATH`.

    Raises:
        Mistake: it is no such URL.
    """
    if not isinstance(written, str) or not written.strip():
        raise Mistake('expected a URL like "file:~/.local/share/hedgerow"')
    url = written.strip()
    if url.lower().startswith(_LATER):
        # The URL itself is not shown: it may hold a password.
        raise Mistake("state on Redis or Valkey comes in a later version", 'use "file:…" for now')
    if not url.startswith("file:"):
        raise Mistake("state is kept in files only", f'write "file:{_without_scheme(url)}"')
    return f"file:{expand(_path_of(url), environ, folder)}"


def _path_of(url: str) -> str:
    path = url.removeprefix("file:")
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        if host not in ("", "localhost"):
            raise Mistake("a file URL cannot name another machine", f'write "file:/{rest}"')
        path = slash + rest
    if not path:
        raise Mistake("names no folder", 'write "file:/path/to/folder"')
    return path


def _without_scheme(url: str) -> str:
    return "/path/to/folder" if "://" in url else url
