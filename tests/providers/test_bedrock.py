"""Bedrock as a dialect: paths, keys, refusals; what it writes, AWS's own model of the API accepts."""

import json
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from gateway.wire import read_chat
from providers.bedrock import Bedrock
from providers.errors import RequestRejected
from providers.types import CountCall, EmbedCall, Secret
from tests.providers.test_aws import ACCESS, SECRET

BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
CALLED = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
WITH_CALLS = [
    {"role": "user", "content": "x"},
    {"role": "assistant", "tool_calls": [CALLED]},
    {"role": "tool", "tool_call_id": "c1", "content": "3"},
]
PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
PDF = {
    "type": "file",
    "file": {"filename": "a_b!.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
}

dialect = Bedrock("eu-west-1")


@cache
def model_of_the_api() -> Any:
    return ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))


def written(model: str = "anthropic.claude-opus-4-6-v1", **members: Any) -> Any:
    """The request for a chat with these members, which AWS's own description of the API accepts."""
    call = read_chat({**BODY, **members})
    assert dialect.refuses(call) is None
    body = json.loads(dialect.encode(call, model).body)
    shape = model_of_the_api().operation_model("Converse").input_shape
    report = ParamValidator().validate({"modelId": model, **body}, shape)
    assert not report.has_errors(), report.generate_report()
    assert set(body) <= set(shape.members)
    counted = json.loads(dialect.encode(CountCall(call), model).body)
    shape = model_of_the_api().operation_model("CountTokens").input_shape
    assert not ParamValidator().validate({"modelId": model, **counted}, shape).has_errors()
    return body


def test_a_region_has_its_address() -> None:
    """China's regions are another domain's."""
    assert Bedrock("eu-west-1").base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"
    assert Bedrock("cn-north-1").base_url == "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_is_quoted_in_the_path(stream: bool) -> None:
    """As AWS's SDKs do: else the signature would be another's."""
    wire = dialect.encode(read_chat({**BODY, "stream": stream}), "arn:aws:bedrock:x/a-v1:0")
    method = "converse-stream" if stream else "converse"
    assert wire.path == f"/model/arn%3Aaws%3Abedrock%3Ax%2Fa-v1%3A0/{method}"
    assert json.loads(wire.body) == {"messages": [{"role": "user", "content": [{"text": "x"}]}]}


def test_an_api_key_stands_in_a_header_and_an_access_key_nowhere() -> None:
    """It signs."""
    assert dialect.credentials(Secret("ABSKkey")) == (("authorization", "Bearer ABSKkey"),)
    assert dialect.credentials(Secret(f"{ACCESS}:{SECRET}")) == ()


@pytest.mark.parametrize(
    ("members", "parameter"),
    [
        ({"seed": 1}, "seed"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"presence_penalty": 1}, "presence_penalty"),
        ({"stop": [" "]}, "stop"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"messages": WITH_CALLS, "tools": [TOOL], "tool_choice": "none"}, "tool_choice"),
    ],
)
def test_what_converse_has_no_word_for_is_refused_by_name(
    members: dict[str, Any], parameter: str
) -> None:
    """Nothing is dropped silently."""
    assert dialect.refuses(read_chat({**BODY, **members})) == parameter


def test_embeddings_are_not_offered() -> None:
    """Each model has a format of its own for them."""
    call = EmbedCall("m", ("x",), {})
    assert dialect.refuses(call) == "input"
    with pytest.raises(RequestRejected):
        dialect.encode(call, "m")


@pytest.mark.parametrize(
    "members",
    [
        {"messages": WITH_CALLS, "tools": [TOOL], "tool_choice": "required"},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, PNG, PDF, PDF]}]},
        {"temperature": 1.7, "top_p": 0.5, "max_tokens": 9, "stop": ["a", "b"], "top_k": 3},
        {"reasoning_effort": "high", "max_tokens": 9, "service_tier": "flex"},
        {"response_format": {"type": "json_object"}},
        {"guardrailConfig": {"guardrailIdentifier": "a", "guardrailVersion": "1"}},
    ],
)
def test_aws_accepts_what_is_written(members: dict[str, Any]) -> None:
    """Names, types and bounds of everything."""
    written(**members)


def test_there_is_nothing_to_read_of_limits_and_models() -> None:
    """Neither is told where calls go."""
    assert dialect.limits({"x-amzn-requestid": "x"}).requests_limit is None
    assert dialect.list_models() is None
    assert dialect.read_models(b"") == ((), None)
