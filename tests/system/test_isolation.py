"""Test mode never reaches a provider: shown by the provider's own ledger, and by what the code can reach."""

import ast
from pathlib import Path

import attrs
import pytest

from gateway.mocked import Mocked
from tests.gateway_process import ROOT
from tests.system.scene import Scene, scene
from tests.system.wire import MODEL, Answer, ask, chat, get, post

OURS = ("gateway", "policies", "providers", "state")
TRANSPORTS = ("httpx", "httpcore", "httptools", "socket", "ssl", "urllib.request", "http.client")
"""What can open a connection. Trio can too, and is looked at by name."""

OPENERS = {"open_tcp_stream", "open_ssl_over_tcp_stream", "open_unix_socket", "socket"}


def calls(key: str) -> list[tuple[bytes, int]]:
    """Every kind of call with this key, and the status that it is answered with."""
    quick = {"x-hedgerow-mock": "slow=1ms"}
    texts = {"model": "text-embedding-3-small", "input": ["bir", "iki"]}
    wanted = [(400, "400"), (401, "401"), (403, "403"), (404, "404"), (429, "429"), (500, "500")]
    wanted += [(503, "503"), (503, "timeout"), (200, "cut"), (200, "slow=1ms,cut")]
    return [
        (chat(key, fields=quick), 200),
        (chat(key, stream=False, fields=quick), 200),
        (chat(key, model="gemini-2.0-flash", fields=quick), 200),
        (chat(key, fields={**quick, "x-hedgerow-hedge": "1ms"}), 200),
        (chat(key, model="no-such-model"), 404),
        (post("/v1/embeddings", key, texts, quick), 200),
        (post("/api/v1/embeddings", key, texts, quick), 200),
        (post("/v1/embeddings", key, {"model": MODEL}), 400),
        (get("/v1/models", key), 200),
        (get(f"/v1/models/{MODEL}", key), 200),
        *((chat(key, fields={"x-hedgerow-mock": wish}), status) for status, wish in wanted),
    ]


@pytest.mark.slow
async def test_no_call_in_test_mode_reaches_a_provider(tmp_path: Path) -> None:
    """Chats, streams, embeddings, errors on demand: the only upstream there is has seen none of them."""
    async with scene(tmp_path, kinds=("openai", "gemini", "anthropic", "simulator")) as running:
        for request, status in calls(running.test_key):
            answer = await ask(running.url, request)
            assert answer.status == status, bytes(answer.body)
            assert_mocked(answer)

        assert running.simulator.ledger.total.started == 0
        assert await asked_live(running) == 1, "the ledger would have shown a call"


def assert_mocked(answer: Answer) -> None:
    """No pooled key had a part in the answer."""
    assert answer.headers["x-hedgerow-attempts"] == "0"
    assert answer.headers.get("x-hedgerow-winner", "mock") == "mock"


async def asked_live(running: Scene) -> int:
    """Sends one call with a live key; gives how many calls the simulator has seen by then."""
    assert (await ask(running.url, chat(running.live_key))).status == 200
    return running.simulator.ledger.total.started


def test_what_answers_test_calls_holds_nothing() -> None:
    """A `Mocked` has no attribute at all: no client, no pool, no credential."""
    mocked = Mocked()

    assert attrs.fields(Mocked) == ()
    assert not hasattr(mocked, "__dict__")


def test_what_answers_test_calls_can_import_no_transport() -> None:
    """Neither `gateway.mocked` nor anything of ours behind it imports or calls what opens a connection."""
    reached = reachable("gateway.mocked")

    assert "policies.mock" in reached, "the walk went nowhere"
    assert "providers.client" not in reached
    assert "gateway.live" not in reached
    for module, tree in reached.items():
        assert not [name for name in imported(tree) if name.startswith(TRANSPORTS)], module
        assert not OPENERS & {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}, (
            module
        )


def test_the_walk_would_find_a_transport() -> None:
    """The same walk from where live calls are answered does come to the HTTP client."""
    assert "httpx" in imported(reachable("gateway.live")["providers.client"])


def reachable(start: str) -> dict[str, ast.Module]:
    """Our modules that come along with this one, parsed."""
    waiting, trees = [start], dict[str, ast.Module]()
    while waiting:
        module = waiting.pop()
        if module not in trees:
            trees[module] = tree = ast.parse(source(module).read_text())
            ours = {name for name in imported(tree) if name.split(".")[0] in OURS}
            waiting += [name for name in ours if source(name).exists()]
    return trees


def imported(tree: ast.Module) -> set[str]:
    """The modules that a module imports, and what it imports from them: that may be a module too."""
    return {name for node in ast.walk(tree) for name in imports(node)}


def imports(node: ast.AST) -> set[str]:
    """The modules that a statement imports, and what it imports from them: that may be a module too."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return set()


def source(module: str) -> Path:
    """Where a module's source would be."""
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
