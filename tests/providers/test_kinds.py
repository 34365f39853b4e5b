"""The kinds of provider are complete and consistent."""

import re

from providers.azure import Azure
from providers.kinds import KINDS, settled
from providers.types import Secret

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
        "vertex",
        "bedrock",
        "openai-responses",
    ),
}


def test_every_promised_kind_is_there_under_its_own_name():
    """Configuration may name these, and no others."""
    assert set(KINDS) == DESIGNED
    assert all(name == kind.name for name, kind in KINDS.items())


def test_the_three_families_speak_their_own_dialect_and_all_others_openais():
    """A kind without a dialect of its own is OpenAI-compatible."""
    spoken = {name: kind.dialect.name for name, kind in KINDS.items()}
    own = {"gemini", "anthropic", "azure", "vertex", "bedrock", "openai-responses"}
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
        "vertex": "gcp.vertex_ai",
        "bedrock": "aws.bedrock",
        "openai-responses": "openai",
    }


def test_only_who_is_known_to_take_them_is_sent_responses_as_they_came():
    """Others are asked in chats; and no environment makes a provider that asks for nothing else."""
    speaking = {name for name, kind in KINDS.items() if "responses" in kind.dialect.forms}
    assert speaking == {"openai", "openai-responses", "azure", "openrouter", "xai"}
    assert KINDS["openai-responses"].key_variables == ()
    assert KINDS["openai-responses"].needs_key


def test_where_some_providers_are_is_said_by_their_settings():
    """A region or a location; without the one that is required, nowhere."""
    bedrock, vertex, azure = (KINDS[name] for name in ("bedrock", "vertex", "azure"))
    region = "https://bedrock-runtime.eu-west-1.amazonaws.com"
    assert bedrock.address({"region": "eu-west-1"}) == region
    assert bedrock.address({}) == ""
    assert vertex.address({}) == "https://aiplatform.googleapis.com"
    assert vertex.address({"location": "us-east5"}) == "https://us-east5-aiplatform.googleapis.com"
    assert azure.address({"api_version": "1"}) == ""
    assert KINDS["groq"].address({}) == KINDS["groq"].base_url


def test_settings_are_fields_of_the_dialects():
    """Of all that a kind speaks; what is required is one of them."""
    for kind in KINDS.values():
        for dialect in (kind.dialect, *(other for _, other in kind.others)):
            assert all(hasattr(dialect, name) for name in kind.settings)
        assert set(kind.required) <= set(kind.settings)
    assert settled(KINDS["azure"].dialect, {"api_version": "1"}) == Azure("1")
    assert settled(KINDS["openai"].dialect, {}) is KINDS["openai"].dialect


def test_claude_on_vertex_is_spoken_to_in_its_own_way():
    """However its model is written."""
    vertex = KINDS["vertex"]
    for model in ("claude-opus-4@20260101", "anthropic/claude-x", "publishers/anthropic/models/c"):
        assert vertex.dialect_for(model).name == "vertex-claude"
    assert vertex.dialect_for("gemini-3-pro").name == "vertex"


def test_what_is_no_credential_for_a_kind_is_told():
    """A file of JSON is one for Vertex alone, and only if it is a service account's."""
    account = Secret('{"type":"service_account","CANARY":1}')
    complaints = [
        KINDS["openai"].complaint(account, {}),
        KINDS["vertex"].complaint(account, {"project": "p"}),
        KINDS["vertex"].complaint(Secret("ya29.CANARY"), {}),
    ]
    assert all(complaints)
    assert "CANARY" not in str(complaints)
    assert KINDS["openai"].complaint(Secret("sk-x"), {}) is None
    assert KINDS["vertex"].complaint(Secret("AIzax"), {}) is None
