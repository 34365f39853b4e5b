"""Where a target's calls go, and what providers say they have, asked over a transport in memory."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest
import trio
from structlog.testing import capture_logs

from gateway.config import SIMULATOR, Config, KeyConfig, ProviderConfig
from gateway.upstreams import DISCOVERY_TIME, Upstreams, connect, kind_for, kinds_of
from policies.target import Target
from providers.azure import Azure
from providers.client import HttpClient
from providers.types import ModelInfo, Secret
from providers.vertex import Vertex
from providers.vertex_claude import VertexClaude
from providers.way import Way

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


def provider(
    name: str, kind: str = "openai", base_url: str | None = "https://u.example/v1", keys: int = 1
) -> ProviderConfig:
    """A provider whose keys' secrets tell them apart."""
    made = [
        KeyConfig(f"{name}-{n}", Secret(f"CANARY-{name}-{n}"), "raw", name)
        for n in range(1, keys + 1)
    ]
    return ProviderConfig(name, kind, base_url, name, tuple(made), headers=(("x-org", "o"),))


def upstreams(*providers: ProviderConfig, simulator: str | None = None) -> Upstreams:
    """The upstreams of a configuration with these providers."""
    return connect(Config(providers=providers), simulator)


def target(key: str, model: str = "m") -> Target:
    """A target of this key."""
    return Target(key, key.rpartition("-")[0], "d", model)


def openai_list(*models: str) -> dict[str, Any]:
    """OpenAI's list of models."""
    return {"object": "list", "data": [{"id": m, "created": 5, "owned_by": "acme"} for m in models]}


def gemini_list(*models: str) -> dict[str, Any]:
    """Gemini's list of models."""
    methods = ["generateContent"]
    return {
        "models": [{"name": f"models/{m}", "supportedGenerationMethods": methods} for m in models]
    }


@attrs.define(eq=False)
class World:
    """Every provider there is: answers by what a request's URL and credential are, and remembers them."""

    answers: dict[str, Any]
    asked: list[str] = attrs.field(factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        credential = next(
            request.headers[name].removeprefix("Bearer ")
            for name in ("authorization", "x-api-key", "x-goog-api-key")
            if name in request.headers
        )
        self.asked.append(credential)
        answer = self.answers.get(credential, self.answers.get(request.url.path))
        if isinstance(answer, dict):
            return httpx.Response(200, json=answer)
        if isinstance(answer, int):
            return httpx.Response(answer, json={"error": {"message": f"no {credential}"}})
        if isinstance(answer, Exception):
            raise answer
        await trio.sleep_forever()
        raise AssertionError("unreachable")


async def discovered(world: World, *providers: ProviderConfig, **more: Any) -> dict[str, Any]:
    """What these providers say in this world."""
    async with HttpClient(transport=httpx.MockTransport(world)) as http:
        return await upstreams(*providers, **more).discover(http)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What was logged."""
    with capture_logs() as entries:
        yield entries


def test_a_target_is_called_with_its_key_at_its_providers_address() -> None:
    """In its kind's dialect, with the headers that belong to the provider."""
    found = upstreams(provider("a", keys=2), provider("g", "gemini", "https://g/v1beta"))
    second = found.find(target("a-2"))
    assert (second.base_url, second.secret.reveal) == ("https://u.example/v1", "CANARY-a-2")
    assert (second.dialect.name, second.headers) == ("openai", (("x-org", "o"),))
    assert found.find(target("g-1")).dialect.name == "gemini"


def test_a_target_that_is_not_configured_is_a_bug() -> None:
    """It is not quietly called somewhere else."""
    found = upstreams(provider("a"))
    for key in ("b-1", "a-2"):
        with pytest.raises(KeyError):
            found.find(target(key))


@pytest.mark.parametrize(
    ("model", "kind", "base_url"),
    [
        ("gemini-2.0-flash", "gemini", "http://s/v1beta"),
        ("gemini-embedding-001", "gemini", "http://s/v1beta"),
        ("text-embedding-004", "gemini", "http://s/v1beta"),
        ("text-embedding-3-small", "openai", "http://s/v1"),
        ("claude-sonnet-4-5", "anthropic", "http://s"),
        ("gpt-4o-mini", "openai", "http://s/v1"),
        ("anything", "openai", "http://s/v1"),
    ],
)
@pytest.mark.parametrize("in_process", [True, False])
def test_the_simulator_is_called_in_the_dialect_of_the_models_real_provider(
    model: str, kind: str, base_url: str, in_process: bool
) -> None:
    """Wherever it runs: here, or at an address of its own."""
    simulated = provider("s", SIMULATOR, None if in_process else "http://s")
    found = upstreams(simulated, simulator="http://s" if in_process else None)
    upstream = found.find(target("s-1", model))
    assert (upstream.dialect.name, upstream.base_url) == (kind, base_url)


def test_only_the_simulator_has_several_kinds() -> None:
    """Everybody else is what the configuration says, whatever the model is called."""
    assert kinds_of(provider("a", "groq")) == ("groq",)
    assert kind_for(provider("a", "groq"), "gemini-2.0-flash") == "groq"
    assert set(kinds_of(provider("s", SIMULATOR))) == {"openai", "gemini", "anthropic"}


def test_a_real_provider_is_never_called_at_the_simulators_address() -> None:
    """Its credential would go to the wrong place."""
    found = upstreams(provider("a"), simulator="http://s")
    assert found.find(target("a-1")).base_url == "https://u.example/v1"


async def test_providers_say_what_they_offer(autojump_clock: trio.testing.MockClock) -> None:
    """Each in its own format, under its own name."""
    world = World({"CANARY-a-1": openai_list("m", "n"), "CANARY-g-1": gemini_list("gemini-x")})
    found = await discovered(world, provider("a"), provider("g", "gemini", "https://g/v1beta"))
    assert found == {
        "a": [ModelInfo("m", 5, "acme"), ModelInfo("n", 5, "acme")],
        "g": [ModelInfo("gemini-x", owned_by="google ai studio")],
    }


async def test_the_next_key_is_asked_when_one_is_refused(
    autojump_clock: trio.testing.MockClock, logged: list[Any]
) -> None:
    """One dead key does not hide a provider's models; and it is said which one it is."""
    world = World({"CANARY-a-1": 401, "CANARY-a-2": openai_list("m"), "CANARY-a-3": 500})
    found = await discovered(world, provider("a", keys=3))
    assert [model.id for model in found["a"]] == ["m"]
    assert world.asked == ["CANARY-a-1", "CANARY-a-2"]
    assert [(entry["event"], entry["key"]) for entry in logged] == [("models_unknown", "a-1")]


@pytest.mark.parametrize(
    "answer",
    [401, 403, 404, 429, 500, 503, {"data": "none"}, {"error": "x"}, httpx.ConnectError("no")],
)
async def test_a_provider_that_cannot_be_asked_is_not_one_without_models(
    autojump_clock: trio.testing.MockClock, answer: Any
) -> None:
    """None, not an empty list; the others are not hurt."""
    world = World({"CANARY-a-1": answer, "CANARY-b-1": openai_list("m")})
    found = await discovered(world, provider("a"), provider("b"))
    assert found["a"] is None
    assert [model.id for model in found["b"]] == ["m"]


async def test_a_silent_provider_is_given_up(
    autojump_clock: trio.testing.MockClock, logged: list[Any]
) -> None:
    """Each of its keys has its time; providers are asked side by side."""
    world = World({"CANARY-c-1": openai_list("m")})
    found = await discovered(world, provider("a", keys=2), provider("b"), provider("c"))
    assert (found["a"], found["b"]) == (None, None)
    assert trio.current_time() == 2 * DISCOVERY_TIME
    assert {entry["reason"] for entry in logged} == {"no answer in time"}
    assert list(found) == ["a", "b", "c"]


async def test_no_credential_is_logged(
    autojump_clock: trio.testing.MockClock, logged: list[Any]
) -> None:
    """Not by us; what an upstream says of a key is made safe where it is read."""
    world = World({"CANARY-a-1": httpx.ConnectError("to CANARY-a-1"), "CANARY-a-2": {}})
    await discovered(world, provider("a", keys=2))
    assert len(logged) == 2
    assert "CANARY" not in repr(logged)


async def test_the_simulators_models_are_asked_in_all_its_dialects(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It lists the same names in each; every one is taken from the dialect that it is called in."""
    names = ("gemini-2.0-flash", "gpt-4o-mini", "claude-sonnet-4-5", "text-embedding-004")
    listed = openai_list(*names)
    world = World({"/v1/models": listed, "/v1beta/models": gemini_list(*names)})
    found = await discovered(world, provider("s", SIMULATOR, None), simulator="http://s")
    assert sorted(model.id for model in found["s"]) == sorted(names)
    owners = {model.id: model.owned_by for model in found["s"]}
    assert owners["gemini-2.0-flash"] == "google ai studio"
    assert owners["gpt-4o-mini"] == "acme"


async def test_half_a_simulator_is_none(autojump_clock: trio.testing.MockClock) -> None:
    """Where one dialect cannot be asked, nothing is known rather than half of it."""
    world = World({"/v1/models": openai_list("gpt-4o-mini"), "/v1beta/models": 500})
    found = await discovered(world, provider("s", SIMULATOR, None), simulator="http://s")
    assert found == {"s": None}


async def test_without_providers_nothing_is_found(autojump_clock: trio.testing.MockClock) -> None:
    """And nobody is asked."""
    world = World({})
    assert await discovered(world) == {}
    assert world.asked == []


def test_a_model_may_be_called_in_another_dialect_than_its_provider() -> None:
    """Claude on Vertex, with the same settings, at the same address; keys of one provider share the dialect."""
    url = "https://eu-aiplatform.example"
    made = provider("v", "vertex", url, keys=2)
    found = upstreams(attrs.evolve(made, project="p", location="eu"))
    gemini, claude = (found.find(target("v-1", model)) for model in ("gemini-x", "claude-x"))
    assert gemini.dialect == Vertex("p", "eu")
    assert claude.dialect == VertexClaude("p", "eu")
    assert gemini.base_url == claude.base_url == url
    assert found.find(target("v-2", "gemini-x")).dialect is gemini.dialect


def test_a_provider_may_have_its_own_version_and_way() -> None:
    """Of Azure's API, and to the host."""
    key = KeyConfig("az-1", Secret("k"), "env:K", "az")
    way = Way(proxy="http://proxy:1")
    url = "https://name.openai.azure.com"
    provider = ProviderConfig("az", "azure", url, "az", (key,), way=way, api_version="2025-01-01")
    (found,) = connect(Config(providers=(provider,)), None)._all.values()
    assert found.dialect == Azure("2025-01-01")
    assert found.way == way


@pytest.mark.parametrize(
    ("base_url", "takes"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://u.example/v1", False),
        ("https://notapi.openai.com.example/v1", False),
    ],
)
def test_who_is_merely_compatible_is_asked_in_chats(base_url: str, takes: bool) -> None:
    """Of OpenAI itself, wherever it is, one knows that it takes responses too."""
    found = upstreams(provider("a", base_url=base_url, keys=2))
    dialects = [found.find(target(key)).dialect for key in ("a-1", "a-2")]
    assert ("responses" in dialects[0].forms) is takes
    assert dialects[0] is dialects[1]
