"""Official SDKs against recorded real answers, through the gateway, with tools and streams.

Nobody here wrote these answers: `hedgerow sim --replay` stands for those who did. What the SDKs make of them is
held against what the recordings say.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types
from langchain_openai import ChatOpenAI

from tests.gateway_process import RunningGateway, environment, gateway
from tests.providers.corpus import SHARED, Exchange, load

PROVIDERS = {
    "openai": ("openai", "/openai/v1"),
    "groq": ("groq", "/groq/openai/v1"),
    "anthropic": ("anthropic", "/anthropic"),
    "gemini": ("gemini", "/gemini/v1beta"),
}
QUIET = '[policies.default]\nupstream_stream = "never"\nhedge = { policy = "off" }\n'

pytestmark = pytest.mark.filterwarnings("ignore:The model .* is deprecated:DeprecationWarning")


def recordings(provider: str, features: str) -> list[Exchange]:
    """The good ones that hold tools."""
    found = load(SHARED, provider, features)
    asked = [one for one in found if one.status == 200 and isinstance(one.request_body, dict)]
    # An array is what Google sends without `alt=sse`, which the gateway always asks for.
    return [one for one in asked if not one.response_body.lstrip().startswith(b"[")]


CHATS = [one for name in ("openai", "groq") for one in recordings(name, "chat-tools*")]
MESSAGES = recordings("anthropic", "messages-tools*")
CONTENTS = recordings("gemini", "generate-tools*")
RESPONSES = recordings("openai", "responses-tools*")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[str]:
    """The address of the recordings, which are sent in pieces of a few bytes."""
    command = [sys.executable, "-m", "gateway", "sim", "--replay", str(shared / "wire")]
    command += ["--bind", "127.0.0.1:0", "--split", "97", "--gap", "0ms"]
    home = environment(tmp_path_factory.mktemp("recordings"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=home) as process:
        try:
            assert process.stdout is not None
            found = None
            while found is None:
                found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline().decode())
            yield found.group()
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def serving(
    home: Path, simulator: str, providers: Mapping[str, tuple[str, str]]
) -> Iterator[RunningGateway]:
    tables = [
        f'[providers.{name}]\nkind = "{kind}"\nbase_url = "{simulator}{path}"\nkeys = ["any"]\n'
        for name, (kind, path) in providers.items()
    ]
    (home / "hedgerow.toml").write_text("".join(tables) + QUIET)
    with gateway("--config", str(home / "hedgerow.toml"), home=home) as running:
        yield running


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory, simulator: str) -> Iterator[RunningGateway]:
    """A gateway whose providers are the recordings."""
    with serving(tmp_path_factory.mktemp("replayed"), simulator, PROVIDERS) as running:
        yield running


@pytest.fixture(scope="module")
def responding(
    tmp_path_factory: pytest.TempPathFactory, simulator: str
) -> Iterator[RunningGateway]:
    """One that asks OpenAI for responses only."""
    only = {"openai": ("openai-responses", "/openai/v1")}
    with serving(tmp_path_factory.mktemp("responding"), simulator, only) as running:
        yield running


def is_stream(exchange: Exchange) -> bool:
    """Some were recorded without their headers."""
    return exchange.streamed or exchange.response_body.startswith((b"data:", b"event:"))


def named(exchange: Exchange) -> str:
    """The model that picks a recording by its name."""
    return f"replay/{exchange.name}"


def openai_calls(exchange: Exchange) -> list[Any]:
    """The calls of a recorded chat, as its JSON says them."""
    calls: dict[tuple[int, int], list[str]] = {}
    for data in _json(exchange):
        for choice in data.get("choices", ()):
            said = choice.get("message") or choice.get("delta") or {}
            for place, call in enumerate(said.get("tool_calls") or ()):
                known = calls.setdefault(
                    (choice.get("index", 0), call.get("index", place)), ["", ""]
                )
                known[0] += call["function"].get("name") or ""
                known[1] += call["function"].get("arguments") or ""
    return [[name, json.loads(arguments or "{}")] for name, arguments in calls.values()]


def _json(exchange: Exchange) -> list[Any]:
    if not is_stream(exchange):
        return [json.loads(exchange.response_body)]
    lines = exchange.response_body.decode().splitlines()
    data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    return [json.loads(each) for each in data if each and each != "[DONE]"]


@pytest.mark.parametrize("exchange", CHATS, ids=str)
def test_openais_sdk_finds_the_recorded_calls(replayed: RunningGateway, exchange: Exchange) -> None:
    """Whole or streamed, as they were recorded; OpenAI's and Groq's."""
    assert replayed.live_key is not None
    body = {**exchange.request_body, "model": named(exchange)}
    with openai.OpenAI(base_url=f"{replayed.base_url}/v1", api_key=replayed.live_key) as sdk:
        if is_stream(exchange):
            body.pop("stream", None)
            body.pop("stream_options", None)
            with sdk.chat.completions.stream(**body) as stream:
                answer = stream.get_final_completion()
        else:
            answer = sdk.chat.completions.create(**body)

    calls = [call for choice in answer.choices for call in choice.message.tool_calls or ()]
    found = [[call.function.name, json.loads(call.function.arguments or "{}")] for call in calls]
    assert found == openai_calls(exchange)


def anthropic_calls(exchange: Exchange) -> list[Any]:
    """The calls of a recorded message."""
    if not is_stream(exchange):
        content = _json(exchange)[0]["content"]
        return [[b["name"], b["input"]] for b in content if b["type"] == "tool_use"]
    calls: dict[int, list[str]] = {}
    for event in _json(exchange):
        block, delta = event.get("content_block", {}), event.get("delta", {})
        if block.get("type") == "tool_use":
            calls[event["index"]] = [block["name"], ""]
        if delta.get("type") == "input_json_delta" and event["index"] in calls:
            calls[event["index"]][1] += delta["partial_json"]
    return [[name, json.loads(written or "{}")] for name, written in calls.values()]


@pytest.mark.parametrize("exchange", MESSAGES, ids=str)
def test_anthropics_sdk_finds_the_recorded_calls(
    replayed: RunningGateway, exchange: Exchange
) -> None:
    """By its own accumulator, where they were streamed."""
    body = {**exchange.request_body, "model": named(exchange)}
    for name in ("stream", "temperature"):  # the SDK has no such parameters any more
        body.pop(name, None)
    with anthropic.Anthropic(base_url=replayed.base_url, api_key=replayed.live_key) as sdk:
        if is_stream(exchange):
            with sdk.messages.stream(**body) as stream:
                message = stream.get_final_message()
        else:
            message = sdk.messages.create(**body, timeout=60)

    found = [[block.name, block.input] for block in message.content if block.type == "tool_use"]
    assert found == anthropic_calls(exchange)


@pytest.mark.parametrize("exchange", CONTENTS, ids=str)
def test_googles_sdk_finds_the_recorded_calls(replayed: RunningGateway, exchange: Exchange) -> None:
    """Of all pieces, where they were streamed."""
    options = types.HttpOptions(base_url=replayed.base_url)
    asked: dict[str, Any] = {"model": named(exchange), "contents": "Whatever was asked"}
    with genai.Client(api_key=replayed.live_key, http_options=options) as sdk:
        if is_stream(exchange):
            answers = list(sdk.models.generate_content_stream(**asked))
        else:
            answers = [sdk.models.generate_content(**asked)]

    found = [[call.name, call.args] for one in answers for call in one.function_calls or ()]
    recorded = [
        [part["functionCall"]["name"], part["functionCall"].get("args", {})]
        for data in _json(exchange)
        for candidate in data.get("candidates", ())
        for part in candidate.get("content", {}).get("parts", ())
        if "functionCall" in part
    ]
    assert found == recorded


@pytest.mark.parametrize("exchange", RESPONSES, ids=str)
def test_openais_sdk_finds_the_recorded_outputs(
    responding: RunningGateway, exchange: Exchange
) -> None:
    """Of responses: calls with their arguments."""
    assert responding.live_key is not None
    body = {**exchange.request_body, "model": named(exchange)}
    body.pop("stream", None)
    with openai.OpenAI(base_url=f"{responding.base_url}/v1", api_key=responding.live_key) as sdk:
        if is_stream(exchange):
            with sdk.responses.stream(**body) as stream:
                answer = stream.get_final_response()
        else:
            answer = sdk.responses.create(**body)

    last = _json(exchange)[-1]
    recorded = (last if not is_stream(exchange) else last["response"])["output"]
    found = [[item.name, item.arguments] for item in answer.output if item.type == "function_call"]
    assert found == [
        [item["name"], item["arguments"]] for item in recorded if item["type"] == "function_call"
    ]


ALONE = [one for one in CHATS if "multiple-choices" not in one.name]
"""LangChain reads the first choice only."""


@pytest.mark.parametrize("exchange", [*ALONE, *MESSAGES, *CONTENTS], ids=str)
def test_langchain_finds_them_too_whoever_was_recorded(
    replayed: RunningGateway, exchange: Exchange
) -> None:
    """In OpenAI's form, which most of these were not recorded in."""
    key: Any = replayed.live_key
    llm = ChatOpenAI(model=named(exchange), base_url=f"{replayed.base_url}/v1", api_key=key)
    function = {"name": "any", "parameters": {"type": "object", "properties": {}}}
    bound = llm.bind_tools([{"type": "function", "function": function}])
    if is_stream(exchange):
        whole: Any = None
        for chunk in bound.stream("Whatever was asked"):
            whole = chunk if whole is None else whole + chunk
    else:
        whole = bound.invoke("Whatever was asked")

    found = [[call["name"], call["args"]] for call in whole.tool_calls]
    if exchange in CHATS:
        assert found == openai_calls(exchange)
    elif exchange in MESSAGES:
        assert found == anthropic_calls(exchange)
    else:
        assert bool(found) == (b"functionCall" in exchange.response_body)


def test_the_recordings_are_there(shared: Path) -> None:
    """Without them, nothing above runs."""
    assert (shared / "wire").is_dir()
    assert min(map(len, (CHATS, MESSAGES, CONTENTS, RESPONSES))) > 2
