"""The kinds of provider are complete and consistent."""

import re

from providers.kinds import KINDS

DESIGNED = {
    *("openai", "gemini", "anthropic", "groq", "mistral", "deepseek", "openrouter", "together"),
    *(
        "xai",
        "cerebras",
        "perplexity",
        "ollama",
        "vllm",
        "llamacpp",
        "gpustack",
        "cohere",
        "zai",
        "azure",
    ),
}


def test_every_promised_kind_is_there_under_its_own_name():
    """Configuration may name these, and no others."""
    assert set(KINDS) == DESIGNED
    assert all(name == kind.name for name, kind in KINDS.items())


def test_the_three_families_speak_their_own_dialect_and_all_others_openais():
    """A kind without a dialect of its own is OpenAI-compatible."""
    spoken = {name: kind.dialect.name for name, kind in KINDS.items()}
    own = {"gemini", "anthropic", "azure"}
    assert {spoken[name] for name in own} == own
    assert {spoken[name] for name in DESIGNED - own} == {"openai"}


def test_keys_never_cross_the_network_in_the_clear():
    """What needs a key is reached by TLS; what needs none is this machine."""
    for kind in (kind for kind in KINDS.values() if kind.base_url):
        scheme = "https" if kind.needs_key else "http"
        host = "[a-z0-9.-]+" if kind.needs_key else r"127\.0\.0\.1:\d+"
        assert re.fullmatch(f"{scheme}://{host}(/[a-z0-9]+)*", kind.base_url)


def test_base_urls_end_as_each_providers_own_sdk_has_them():
    """OpenAI's with `/v1`, Gemini's with `/v1beta`, Anthropic's without a version."""
    assert KINDS["openai"].base_url == "https://api.openai.com/v1"
    assert KINDS["gemini"].base_url == "https://generativelanguage.googleapis.com/v1beta"
    assert KINDS["anthropic"].base_url == "https://api.anthropic.com"


def test_no_two_kinds_share_an_environment_variable():
    """A key in the environment belongs to one provider."""
    names = [name for kind in KINDS.values() for name in kind.key_variables]
    assert len(names) == len(set(names))
    assert KINDS["gemini"].key_variables == ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    assert {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY"} < set(names)
    assert {"DEEPSEEK_API_KEY", "OPENROUTER_API_KEY"} < set(names)


def test_names_for_lists_and_telemetry_are_the_usual_ones():
    """The kind's own name, where nothing else is registered."""
    assert KINDS["gemini"].owned_by == "google ai studio"
    assert KINDS["openai"].owned_by == "openai"
    special = {name: kind.otel_name for name, kind in KINDS.items() if kind.otel_name != name}
    assert special == {
        "gemini": "gcp.gemini",
        "mistral": "mistral_ai",
        "xai": "x_ai",
        "azure": "azure.ai.openai",
    }
