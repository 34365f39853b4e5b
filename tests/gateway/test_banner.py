"""What a person reads when the gateway has started."""

import json
import shlex
from typing import Any

import attrs
import pytest

from gateway.banner import SHOWN_MODELS, FreshKeys, banner
from gateway.catalog import Catalog, Offer
from gateway.config import Config, KeyConfig, ProviderConfig
from providers.types import Secret

URL = "http://127.0.0.1:8400"
FRESH = FreshKeys("default", "pk_live_x", "pk_test_y")


def provider(name: str = "a") -> ProviderConfig:
    """A provider with one key."""
    key = KeyConfig(f"{name}-1", Secret("sk-CANARY"), "env:A_KEY", name)
    return ProviderConfig(name, "openai", "http://u", name, (key,))


def catalog(*models: str, unasked: tuple[ProviderConfig, ...] = ()) -> Catalog:
    """A catalog that offers these."""
    return Catalog({model: Offer(model, ()) for model in models}, unasked)


def shown(
    config: Config | None = None, offered: Catalog | None = None, fresh: FreshKeys | None = FRESH
) -> str:
    """The banner of a gateway."""
    return banner(config or Config(providers=(provider(),)), URL, offered or catalog("m"), fresh)


def line(text: str, start: str) -> str:
    """The rest of the line that starts so."""
    (found,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return found.strip().removeprefix(start).strip()


def pasted(text: str) -> tuple[list[str], Any]:
    """The example call as a shell would take it apart, and the JSON that it sends."""
    words = shlex.split(line(text, "curl"))
    return words, json.loads(words[-1])


def test_it_says_where_the_gateway_is_and_what_it_found() -> None:
    """Address, state, configuration, keys by name and origin, models."""
    text = shown()
    assert line(text, "Base URL").startswith(f"{URL}/v1 ")
    assert line(text, "State") == str(Config().state.folder)
    assert line(text, "Config") == "environment"
    assert line(text, "Keys") == "a-1 (env:A_KEY)"
    assert line(text, "Models") == "1: m"


def test_no_pooled_credential_is_shown() -> None:
    """Its name and where it came from are enough."""
    assert "CANARY" not in shown()


def test_fresh_project_keys_are_shown_this_once() -> None:
    """In clear, for they are stored hashed."""
    text = shown()
    assert line(text, "Live key").startswith("pk_live_x ")
    assert line(text, "Test key").startswith("pk_test_y ")
    assert "Authorization: Bearer pk_live_x" in pasted(text)[0]


def test_later_starts_say_how_to_get_new_keys() -> None:
    """And leave a place for the key in the example."""
    text = shown(fresh=None)
    assert "hedgerow project create" in text
    assert "$HEDGEROW_KEY" in text
    assert "pk_" not in text


def test_simulated_upstreams_are_said_loudly() -> None:
    """Nobody shall take made-up answers for real ones."""
    assert "SIMULATED UPSTREAMS" in shown(Config(providers=(provider(),), simulated=True))
    assert "SIMULATED" not in shown()


def test_every_warning_is_shown() -> None:
    """One a line."""
    text = shown(Config(warnings=("first", "second")))
    warned = [line for line in text.splitlines() if line.strip().startswith("Warning")]
    assert [warning.split()[-1] for warning in warned] == ["first", "second"]


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        (catalog("b", "a"), "2: a, b"),
        (catalog(*"hgfedcba"), "8: a, b, c, d, e, f, and 2 more"),
        (catalog(), "none found"),
        (catalog(unasked=(provider("x"), provider("y"))), "none found (could not ask: x, y)"),
        (catalog("a", unasked=(provider("x"),)), "1: a (could not ask: x)"),
    ],
)
def test_the_models_are_counted_and_some_are_named(offered: Catalog, told: str) -> None:
    """Who could not be asked is said, for its models may be missing."""
    assert SHOWN_MODELS == 6
    assert line(shown(offered=offered), "Models") == told


def test_a_gateway_without_keys_says_so() -> None:
    """Instead of nothing."""
    assert line(shown(Config()), "Keys") == "none"


@pytest.mark.parametrize(
    ("models", "model"),
    [
        (("gpt-4o-mini", "gemini-2.0-flash", "a"), "gemini-2.0-flash"),
        (("gpt-4o-mini", "a"), "gpt-4o-mini"),
        (("b", "a"), "a"),
        ((), "gemini-2.0-flash"),
    ],
)
def test_the_example_asks_a_model_that_is_there(models: tuple[str, ...], model: str) -> None:
    """A well-known one before any other."""
    words, body = pasted(shown(offered=catalog(*models)))
    assert words[0] == f"{URL}/v1/chat/completions"
    assert body == {"model": model, "messages": [{"role": "user", "content": "Merhaba, nasılsın?"}]}


@pytest.mark.parametrize("name", ["x'; echo pwned; '", 'x"y', "$(id)", "`id`", "a\\b"])
def test_a_models_name_cannot_break_out_of_the_example(name: str) -> None:
    """Upstreams choose these names, and people paste the line into a shell."""
    words, body = pasted(shown(offered=catalog(name)))
    assert body["model"] == name
    assert len(words) == 7


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\nb", "a\u202eb", "a\rb"])
def test_a_models_name_cannot_steer_the_terminal(name: str) -> None:
    """Unprintable characters are spelled out."""
    told = line(shown(offered=catalog(name)), "Models")
    assert told.isprintable()
    assert told == f"1: {name!a}"


def test_a_name_in_another_language_is_shown_as_it_is() -> None:
    """Printable is not the same as English."""
    assert line(shown(offered=catalog("yapay-zekâ")), "Models") == "1: yapay-zekâ"


def test_the_configurations_source_is_named() -> None:
    """The file, where there is one."""
    text = shown(attrs.evolve(Config(), source="/etc/hedgerow.toml"))
    assert line(text, "Config") == "/etc/hedgerow.toml"
