"""Where things are on this machine."""

from pathlib import Path

import pytest

from gateway.config_errors import Mistake
from gateway.places import default_state_url, expand, state_url

HOME = {"HOME": "/home/ada"}
HERE = Path("/etc/hedgerow")


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("~/keys/a", "/home/ada/keys/a"),
        ("~", "/home/ada"),
        ("/run/secrets/a", "/run/secrets/a"),
        ("keys/a", "/etc/hedgerow/keys/a"),
    ],
)
def test_written_paths_are_made_absolute(written: str, path: str):
    """`~` is the environment's home, the rest is relative to the folder of whoever wrote it."""
    assert expand(written, HOME, HERE) == Path(path)


def test_without_a_home_in_the_environment_the_system_knows_it():
    """A service without HOME still has a user."""
    assert expand("~/x", {}, HERE) == Path("~/x").expanduser()


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        (HOME, "file:/home/ada/.local/share/hedgerow"),
        (HOME | {"XDG_DATA_HOME": "/data"}, "file:/data/hedgerow"),
        (HOME | {"XDG_DATA_HOME": "data"}, "file:/home/ada/.local/share/hedgerow"),
        (HOME | {"XDG_DATA_HOME": ""}, "file:/home/ada/.local/share/hedgerow"),
    ],
)
def test_state_is_kept_where_the_system_keeps_users_data(environ: dict[str, str], url: str):
    """The XDG rule: a relative XDG_DATA_HOME is ignored."""
    assert default_state_url(environ) == url


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("file:~/state", "file:/home/ada/state"),
        ("file:state", "file:/etc/hedgerow/state"),
        ("file:/var/lib/hedgerow", "file:/var/lib/hedgerow"),
        ("file:///var/lib/hedgerow", "file:/var/lib/hedgerow"),
        ("file://localhost/var/lib", "file:/var/lib"),
    ],
)
def test_state_urls_become_absolute(written: str, url: str):
    """Every spelling of a file URL leads to the same form."""
    assert state_url(written, HOME, HERE) == url


@pytest.mark.parametrize("url", ["redis://:CANARY@h/0", "rediss://h", "REDIS://h", "valkey://h"])
def test_redis_is_said_to_come_later(url: str):
    """The message is clear, and does not show a password in the URL."""
    with pytest.raises(Mistake, match="comes in a later version") as refused:
        state_url(url, HOME, HERE)
    assert "CANARY" not in str(refused.value) + str(refused.value.suggestion)


@pytest.mark.parametrize(
    ("written", "suggestion"),
    [
        ("/var/lib/x", 'write "file:/var/lib/x"'),
        ("postgres://u:CANARY@h/db", 'write "file:/path/to/folder"'),
        ("file:", 'write "file:/path/to/folder"'),
        ("file://host/x", 'write "file:/x"'),
    ],
)
def test_other_urls_are_refused_with_what_to_write(written: str, suggestion: str):
    """A bare path is the commonest slip."""
    with pytest.raises(Mistake) as refused:
        state_url(written, HOME, HERE)
    assert refused.value.suggestion == suggestion


@pytest.mark.parametrize("written", [5, "", " ", None])
def test_what_is_no_text_is_no_url(written: object):
    """Numbers and blanks are told what a URL looks like."""
    with pytest.raises(Mistake, match="expected a URL"):
        state_url(written, HOME, HERE)
