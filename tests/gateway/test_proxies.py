"""The environment's proxy: for https, with the usual exceptions, and never over what is configured."""

import pytest

from gateway.config import ProviderConfig
from gateway.config_errors import ConfigErrors
from gateway.proxies import behind_proxy
from providers.way import STRAIGHT, Way

PROXY = "http://user:secret@proxy.example:3128"


def provider(base_url: str | None, way: Way = STRAIGHT) -> ProviderConfig:
    return ProviderConfig("p", "openai", base_url, "p", (), way=way)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_secured_upstreams_are_reached_by_the_environments_proxy(variable: str) -> None:
    """By whichever name it goes."""
    (behind,) = behind_proxy((provider("https://api.example.com/v1"),), {variable: PROXY})
    assert behind.way == Way(proxy=PROXY)


@pytest.mark.parametrize(
    "asked",
    [
        provider("http://api.example.com/v1"),
        provider(None),
        provider("https://api.example.com/v1", Way(proxy="http://other:1")),
        provider("https://api.example.com/v1", Way(unix="/run/x.sock")),
        provider("https://local.corp/v1"),
        provider("https://a.local.corp:8443/v1"),
    ],
)
def test_others_go_their_own_way(asked: ProviderConfig) -> None:
    """Plain ones, the simulator, those that are told theirs, and those that NO_PROXY excepts."""
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": "127.0.0.1,local.corp"}
    assert behind_proxy((asked,), environ) == (asked,)


def test_a_proxy_may_be_named_without_a_scheme() -> None:
    """As other programs have it."""
    (behind,) = behind_proxy((provider("https://a.example"),), {"HTTPS_PROXY": "proxy:3128"})
    assert behind.way == Way(proxy="http://proxy:3128")


def test_the_proxy_of_plain_calls_is_not_followed() -> None:
    """It would be shown every credential."""
    asked = (provider("https://api.example.com/v1"), provider("http://api.example.com/v1"))
    assert behind_proxy(asked, {"HTTP_PROXY": PROXY}) == asked


@pytest.mark.parametrize(
    "text", ["socks5://a-proxy:1", "http://", "http://a-proxy/path", "http://pro xy"]
)
def test_what_is_no_proxy_is_a_mistake_that_shows_no_secret(text: str) -> None:
    """With the variable's name."""
    with pytest.raises(ConfigErrors) as caught:
        behind_proxy((provider("https://a.example"),), {"HTTPS_PROXY": text})
    assert "HTTPS_PROXY" in str(caught.value)
    assert "a-proxy" not in str(caught.value)
