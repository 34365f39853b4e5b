"""Providers from the usual environment variables."""

import pytest

from gateway.config import KeyConfig, ProviderConfig
from gateway.config_errors import ConfigError, ConfigErrors
from gateway.env_providers import find_providers, simulator_keys
from providers.kinds import KINDS
from providers.types import Secret


def origins(provider: ProviderConfig) -> list[str]:
    """Where the provider's keys were found, in their order."""
    return [key.origin for key in provider.keys]


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.key_variables and kind.base_url]
)
def test_every_kind_is_found_by_its_usual_variable(kind):
    """The same variable that the provider's own SDK reads."""
    variable = kind.key_variables[0]
    (provider,) = find_providers({variable: "sk-1"}).providers
    assert provider == ProviderConfig(
        kind.name,
        kind.name,
        kind.base_url,
        kind.name,
        (KeyConfig(f"{kind.name}-1", Secret("sk-1"), f"env:{variable}", kind.name),),
    )


def test_a_kind_that_has_no_usual_address_needs_one():
    """Azure's: without it the key is of no use, and that is said."""
    found = find_providers({"AZURE_OPENAI_API_KEY": "k"})
    assert found.providers[0].kind == "simulator"
    assert "AZURE_OPENAI_ENDPOINT" in found.warnings[0]
    endpoint = "https://name.openai.azure.com/"
    environ = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": endpoint}
    (provider,) = find_providers(environ).providers
    assert (provider.kind, provider.base_url) == ("azure", "https://name.openai.azure.com")


def test_a_kind_that_is_in_regions_needs_one():
    """Bedrock's, from the variable that AWS's own tools read; a word that is none is a mistake."""
    found = find_providers({"AWS_BEARER_TOKEN_BEDROCK": "k"})
    assert found.providers[0].kind == "simulator"
    assert "AWS_REGION" in found.warnings[0]
    environ = {"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_REGION": "eu-west-1"}
    (provider,) = find_providers(environ).providers
    assert (provider.kind, provider.region) == ("bedrock", "eu-west-1")
    assert provider.base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"
    with pytest.raises(ConfigErrors, match="AWS_REGION"):
        find_providers({**environ, "AWS_REGION": "evil.example/"})


def test_a_key_that_its_kind_cannot_use_is_left_out_with_the_reason():
    """A token for Vertex says no project."""
    found = find_providers({"GOOGLE_VERTEX_API_KEY": "ya29.CANARY"})
    assert found.providers[0].kind == "simulator"
    assert "needs a project" in found.warnings[0]
    assert "CANARY" not in found.warnings[0]
    (provider,) = find_providers({"GOOGLE_VERTEX_API_KEY": "AIzaKEY"}).providers
    assert provider.base_url == "https://aiplatform.googleapis.com"


def test_without_any_key_the_simulator_answers_with_three_keys_that_fail_apart():
    """The embedded default: everything works at once, nothing to sign up for."""
    (provider,) = find_providers({"HOME": "/", "OPENAI_API_KEY": " "}).providers
    assert (provider.kind, provider.in_process) == ("simulator", True)
    assert [key.name for key in provider.keys] == ["steady", "spiky", "limited"]
    assert len({key.domain for key in provider.keys}) == 3


def test_simulator_keys_of_several_providers_can_be_kept_apart():
    """Names of keys are unique in a configuration."""
    assert [key.name for key in simulator_keys("sim-")] == [
        "sim-steady",
        "sim-spiky",
        "sim-limited",
    ]


def test_numbered_keys_are_taken_in_the_order_of_their_numbers():
    """10 comes after 2, gaps do not matter, and other variables do not count."""
    environ = {f"OPENAI_API_KEY{end}": f"sk{end}" for end in ("_10", "_2", "", "_x", "_3_OLD")}
    (provider,) = find_providers(environ).providers
    assert origins(provider) == [
        "env:OPENAI_API_KEY",
        "env:OPENAI_API_KEY_2",
        "env:OPENAI_API_KEY_10",
    ]


def test_a_list_of_keys_is_taken_apart():
    """Commas separate, blanks and empty places do not count."""
    (provider,) = find_providers({"OPENAI_API_KEYS": "a, b,,c,"}).providers
    assert [key.secret.reveal for key in provider.keys] == ["a", "b", "c"]
    assert [key.name for key in provider.keys] == ["openai-1", "openai-2", "openai-3"]


def test_a_key_that_is_there_twice_counts_once():
    """Many people set both of Google's variables to the same key."""
    (provider,) = find_providers({"GEMINI_API_KEY": "g", "GOOGLE_API_KEY": "g"}).providers
    assert origins(provider) == ["env:GEMINI_API_KEY"]


def test_several_kinds_are_several_providers():
    """In the order in which the kinds are listed, whatever the environment's."""
    found = find_providers({"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o"})
    assert [provider.name for provider in found.providers] == ["openai", "anthropic"]


def test_the_address_is_taken_from_the_environment_too():
    """OPENAI_BASE_URL, as the SDK reads it."""
    environ = {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": "https://proxy.example/v1/"}
    assert find_providers(environ).providers[0].base_url == "https://proxy.example/v1"


def test_organisation_and_project_are_sent_along():
    """OPENAI_ORG_ID and OPENAI_PROJECT_ID, as the SDK reads them."""
    environ = {"OPENAI_API_KEY": "o", "OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "p"}
    headers = find_providers(environ).providers[0].headers
    assert headers == (("openai-organization", "org-1"), ("openai-project", "p"))


def test_the_gateways_own_project_keys_are_left_out_with_a_warning():
    """A client's environment must not make the gateway call itself for ever."""
    found = find_providers({"OPENAI_API_KEY": "pk_live_CANARY", "GROQ_API_KEY": "g"})
    assert [provider.name for provider in found.providers] == ["groq"]
    (warning,) = found.warnings
    assert "OPENAI_API_KEY" in warning
    assert "CANARY" not in warning


def test_all_variables_with_mistakes_are_named_and_none_is_shown():
    """Two bad keys, a bad address and a bad header are four errors."""
    with pytest.raises(ConfigErrors) as refused:
        find_providers(
            {
                "GROQ_API_KEY": "CANARY CANARY",
                "GROQ_API_KEY_2": "CANARY\nCANARY",
                "OPENAI_API_KEY": "o",
                "OPENAI_BASE_URL": "https://u:CANARY@h",
                "OPENAI_ORG_ID": "CANARYü",
            }
        )
    assert [error.path for error in refused.value.errors] == [
        *("OPENAI_BASE_URL", "OPENAI_ORG_ID", "GROQ_API_KEY", "GROQ_API_KEY_2")
    ]
    assert "CANARY" not in f"{refused.value}{refused.value!r}"


def test_the_address_of_a_provider_without_keys_does_not_matter():
    """A client's OPENAI_BASE_URL is not this program's business."""
    found = find_providers({"OPENAI_BASE_URL": "not an address"})
    assert found.providers[0].kind == "simulator"


def test_a_mistake_in_the_environment_is_an_ordinary_one():
    """It has the variable's name for a path."""
    with pytest.raises(ConfigErrors) as refused:
        find_providers({"XAI_API_KEYS": "a,b c"})
    message = "the key holds spaces or characters that no key has"
    assert refused.value.errors == (ConfigError("XAI_API_KEYS", message),)
