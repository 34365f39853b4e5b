"""Plain curl: the banner's own line, the documented calls, and the three ways to authenticate."""

import json
import shlex
import shutil
import subprocess

import pytest

from tests.gateway_process import RunningGateway

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

CHAT = json.dumps(
    {
        "model": "gemini-2.0-flash",
        "messages": [
            {"role": "system", "content": "Sen yardımcı bir asistansın."},
            {"role": "user", "content": "Merhaba, nasılsın?"},
        ],
        "max_tokens": 20,
    },
    ensure_ascii=False,
)


def curl(*arguments: str) -> str:
    """Runs curl quietly; gives what it printed."""
    done = subprocess.run(
        ["curl", "--silent", "--max-time", "30", *arguments], capture_output=True, check=True
    )
    return done.stdout.decode()


def test_the_line_in_the_banner_works_when_pasted(served: RunningGateway) -> None:
    """What the gateway prints to try it out is a command that works as it stands."""
    line = next(line for line in served.banner.splitlines() if line.lstrip().startswith("curl "))

    answer = json.loads(curl(*shlex.split(line)[1:]))

    assert answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
@pytest.mark.parametrize("way", ["bearer", "x-api-key", "query"])
def test_three_ways_to_authenticate_under_two_prefixes(
    served: RunningGateway, key: str, prefix: str, way: str
) -> None:
    """SPEC §1."""
    url = f"{served.base_url}{prefix}/models"
    sent = {
        "bearer": ["-H", f"Authorization: Bearer {key}", url],
        "x-api-key": ["-H", f"X-API-Key: {key}", url],
        "query": [f"{url}?api_key={key}"],
    }[way]

    assert json.loads(curl(*sent))["object"] == "list"


def test_a_chat_and_its_headers(served: RunningGateway, key: str) -> None:
    """The documented call, with what every response says of itself."""
    url = f"{served.base_url}/v1/chat/completions"
    auth = ("-H", f"Authorization: Bearer {key}")

    head, _, body = curl("-i", *auth, "-d", CHAT, url).partition("\r\n\r\n")

    assert json.loads(body)["choices"][0]["message"]["role"] == "assistant"
    for name in ("x-request-id", "x-hedgerow-attempts", "x-hedgerow-hedged", "server-timing"):
        assert name in head.lower()


def test_a_stream_ends_with_done(served: RunningGateway, key: str) -> None:
    """Server-sent events, one chunk a data line, closed by `[DONE]`."""
    url = f"{served.base_url}/v1/chat/completions"
    body = json.dumps({**json.loads(CHAT), "stream": True})

    lines = curl("-N", "-H", f"Authorization: Bearer {key}", "-d", body, url).splitlines()

    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert data[-1] == "[DONE]"
    assert all(json.loads(chunk)["object"] == "chat.completion.chunk" for chunk in data[:-1])


@pytest.mark.parametrize(
    ("arguments", "status", "kind"),
    [
        (["/v1/nothing"], 404, "not_found_error"),
        (["/v1/chat/completions"], 404, "not_found_error"),
        (["-X", "DELETE", "/v1/models"], 404, "not_found_error"),
        (["/v1/models"], 401, "authentication_error"),
        (["-H", "Authorization: Bearer KEY", "-d", "{nonsense", "/v1/chat/completions"], 400, None),
        (["-H", "Authorization: Bearer KEY", "-d", "[]", "/v1/embeddings"], 400, None),
        (["-H", "Authorization: Bearer KEY", "-d", "", "/v1/embeddings"], 400, None),
        (["-H", "Authorization: Bearer KEY", "/v1/models/none"], 404, "not_found_error"),
    ],
)
def test_errors_from_every_depth_have_one_shape(
    served: RunningGateway, key: str, arguments: list[str], status: int, kind: str | None
) -> None:
    """SPEC §5: routing, authentication, parsing and lookups all answer with the same JSON."""
    *options, path = [argument.replace("KEY", key) for argument in arguments]

    said = curl("-w", "\n%{http_code}", *options, served.base_url + path)

    body, _, code = said.rpartition("\n")
    error = json.loads(body)["error"]
    assert (int(code), error["code"]) == (status, status)
    assert error["type"] == (kind or "invalid_request_error")
    assert error["message"]
