"""The single door to the configuration."""

from pathlib import Path

import pytest

from gateway.config_errors import ConfigErrors
from gateway.environment import from_environment, load_config, locate
from gateway.parts import PARTS
from providers.way import Way

HOME = {"HOME": "/home/ada"}
LOCAL = '[providers.local]\nkind = "ollama"\n'


def test_an_explicit_file_comes_first_then_the_environments_then_the_usual_one(tmp_path: Path):
    """And none at all is fine."""
    assert locate(None, {}, tmp_path) is None
    (tmp_path / "hedgerow.toml").touch()
    assert locate(None, {"HEDGEROW_CONFIG": ""}, tmp_path) == tmp_path / "hedgerow.toml"
    environ = HOME | {"HEDGEROW_CONFIG": "~/other.toml"}
    assert locate(None, environ, tmp_path) == Path("/home/ada/other.toml")
    assert locate(Path("mine.toml"), environ, tmp_path) == tmp_path / "mine.toml"


def test_a_file_that_was_named_and_is_missing_is_an_error_not_a_default(tmp_path: Path):
    """Otherwise a typo on the command line would start a simulator."""
    with pytest.raises(ConfigErrors, match="cannot be read: No such file"):
        load_config(Path("missing.toml"), HOME, tmp_path)


def test_nothing_at_all_is_the_embedded_default(tmp_path: Path):
    """The simulator, state in the user's own folder, loopback only."""
    config = load_config(None, HOME, tmp_path)
    assert config.simulated
    assert config.source == "environment"
    assert config.state.folder == Path("/home/ada/.local/share/hedgerow")
    assert config.server.host == "127.0.0.1"


def test_keys_in_the_environment_end_the_simulation(tmp_path: Path):
    """One key is enough."""
    config = load_config(None, HOME | {"OPENAI_API_KEY": "sk-1"}, tmp_path)
    assert not config.simulated
    assert [provider.name for provider in config.providers] == ["openai"]


def test_a_file_is_found_and_read(tmp_path: Path):
    """The source says which one."""
    (tmp_path / "hedgerow.toml").write_text(LOCAL)
    config = load_config(None, HOME, tmp_path)
    assert config.source == str(tmp_path / "hedgerow.toml")
    assert [provider.name for provider in config.providers] == ["local"]


def test_options_win_over_the_environment_and_that_over_the_file(tmp_path: Path):
    """In this order, each for itself."""
    (tmp_path / "hedgerow.toml").write_text(
        LOCAL + '[server]\nbind = "127.0.0.1:1"\ngrace = 1\nworkers = 2\n[state]\nurl = "file:/1"\n'
    )
    assert load_config(None, {}, tmp_path).server.port == 1
    assert load_config(None, {}, tmp_path).server.workers == 2
    environ = {"HEDGEROW_BIND": "127.0.0.1:2", "HEDGEROW_STATE": "file:/2", "HEDGEROW_WORKERS": "3"}
    of_environment = load_config(None, environ, tmp_path)
    assert (of_environment.server.port, of_environment.state.url) == (2, "file:/2")
    assert of_environment.server.workers == 3
    options = {"bind": "[::1]:3", "state": "file:s", "workers": "4"}
    of_options = load_config(None, environ, tmp_path, **options)
    assert (of_options.server.host, of_options.server.port) == ("::1", 3)
    assert of_options.state.folder == tmp_path / "s"
    assert (of_options.server.grace, of_options.server.workers) == (1, 4)


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5", "257"])
def test_no_sensible_number_of_workers(tmp_path: Path, number: str):
    """Said with the option or the variable, and with what it may be."""
    expected = "expected a whole number from 1 to 256, found"
    with pytest.raises(ConfigErrors, match=f"--workers: {expected}"):
        load_config(None, HOME, tmp_path, workers=number)
    with pytest.raises(ConfigErrors, match=f"HEDGEROW_WORKERS: {expected}"):
        load_config(None, HOME | {"HEDGEROW_WORKERS": number}, tmp_path)


def test_empty_variables_are_as_none(tmp_path: Path):
    """Compose files set them so."""
    environ = HOME | {"HEDGEROW_BIND": "", "HEDGEROW_STATE": "", "XDG_DATA_HOME": ""}
    assert load_config(None, environ, tmp_path) == load_config(None, HOME, tmp_path)


def test_mistakes_of_file_environment_and_options_are_told_together(tmp_path: Path):
    """Each with the place where it was made."""
    (tmp_path / "hedgerow.toml").write_text(LOCAL + "[sever]\n")
    with pytest.raises(ConfigErrors) as refused:
        load_config(None, {"HEDGEROW_STATE": "redis://h"}, tmp_path, bind="")
    assert [error.path for error in refused.value.errors] == ["sever", "--bind", "HEDGEROW_STATE"]


def test_mistakes_in_the_environment_are_told_where_there_is_no_file(tmp_path: Path):
    """A bad key and a bad address to listen on."""
    with pytest.raises(ConfigErrors) as refused:
        from_environment({"OPENAI_API_KEY": "a b", "HEDGEROW_BIND": "8400"}, tmp_path)
    assert [error.path for error in refused.value.errors] == ["OPENAI_API_KEY", "HEDGEROW_BIND"]


def test_loading_twice_gives_the_same(tmp_path: Path):
    """So that a reload that changes nothing is known as such."""
    (tmp_path / "hedgerow.toml").write_text(LOCAL)
    assert load_config(None, HOME, tmp_path) == load_config(None, HOME, tmp_path)


def test_the_parts_that_are_our_own_can_be_chosen() -> None:
    """Above what the file says."""
    assert from_environment(HOME).server.fast == PARTS
    assert from_environment(HOME | {"HEDGEROW_FAST": "none"}).server.fast == ()
    with pytest.raises(ConfigErrors, match=r"HEDGEROW_FAST.*upstream"):
        from_environment(HOME | {"HEDGEROW_FAST": "everything"})


def test_the_environments_proxy_is_followed_with_a_file_and_without(tmp_path: Path):
    """And one that is none is told with the other mistakes."""
    environ = {"OPENAI_API_KEY": "sk-1", "HTTPS_PROXY": "http://proxy:3128"}
    (provider,) = load_config(None, environ, tmp_path).providers
    assert provider.way == Way(proxy="http://proxy:3128")
    (tmp_path / "hedgerow.toml").write_text(
        '[providers.x]\nkind = "openai"\nkeys = ["env:OPENAI_API_KEY"]\n'
    )
    (provider,) = load_config(None, environ, tmp_path).providers
    assert provider.way == Way(proxy="http://proxy:3128")
    with pytest.raises(ConfigErrors) as caught:
        load_config(None, environ | {"HTTPS_PROXY": "ftp://x", "HEDGEROW_BIND": "x"}, tmp_path)
    assert [error.path for error in caught.value.errors] == ["HEDGEROW_BIND", "HTTPS_PROXY"]
