"""The configuration's values."""

from pathlib import Path

import pytest

from gateway.config import (
    SIMULATOR,
    Config,
    KeyConfig,
    ProviderConfig,
    StateConfig,
    only_simulated,
)
from policies.settings import Policy
from providers.types import Secret


def provider(
    kind: str = "openai", base_url: str | None = "https://api.example.com"
) -> ProviderConfig:
    """A provider with one secret key and one secret header."""
    key = KeyConfig("p-1", Secret("sk-CANARY"), "raw", "p")
    return ProviderConfig("p", kind, base_url, "p", (key,), headers=(("x-org", "CANARY"),))


def test_the_defaults_are_a_whole_configuration():
    """A test or a tool can start from `Config()`."""
    config = Config()
    assert (config.server.host, config.server.port) == ("127.0.0.1", 8400)
    assert config.server.body_limit == 20_000_000
    assert config.policies == {"default": Policy()}


def test_no_repr_shows_a_secret():
    """Neither keys nor the values of extra headers: both end up in logs otherwise."""
    assert "CANARY" not in repr(Config(providers=(provider(),)))


def test_equal_configurations_compare_equal_and_others_do_not():
    """A reload that changes nothing can be told from one that does."""
    assert Config(providers=(provider(),)) == Config(providers=(provider(),))
    assert Config(providers=(provider(),)) != Config(providers=(provider("groq"),))


def test_the_policies_of_a_default_configuration_cannot_be_changed():
    """It is shared by all that have no other."""
    with pytest.raises(TypeError):
        Config().policies["x"] = Policy()  # type: ignore[index]


def test_the_states_folder_is_the_path_of_its_url():
    """A leading `~` is expanded here too, for configurations built by hand."""
    assert StateConfig("file:/var/lib/hedgerow").folder == Path("/var/lib/hedgerow")
    assert StateConfig().folder == Path("~/.local/share/hedgerow").expanduser()


@pytest.mark.parametrize(
    ("kind", "base_url", "in_process"),
    [
        (SIMULATOR, None, True),
        (SIMULATOR, "http://127.0.0.1:9000", False),
        ("openai", "https://api.example.com", False),
    ],
)
def test_only_a_simulator_without_an_address_is_in_this_process(
    kind: str, base_url: str | None, in_process: bool
):
    """One at an address was started by somebody else."""
    assert provider(kind, base_url).in_process is in_process


def test_a_single_real_provider_ends_the_simulation():
    """The loud warning is for gateways behind which nothing is real."""
    assert only_simulated([provider(SIMULATOR), provider(SIMULATOR, None)])
    assert not only_simulated([provider(SIMULATOR), provider("openai")])
