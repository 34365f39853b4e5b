"""Calls to clouds on loopback that check what they are sent: signatures are recomputed, assertions verified."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import trio
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from gateway.wire import read_chat
from providers.base import Dialect
from providers.bedrock import Bedrock
from providers.client import Exchange, HttpClient, Upstream, list_models
from providers.errors import CredentialRejected, RateLimited, Unreachable
from providers.types import Ended, Event, Failed, Secret, TextDelta
from providers.vertex import Vertex
from providers.vertex_claude import VertexClaude
from tests.providers.cloud import PRIVATE, Asked, Cloud, Said, account_file
from tests.providers.frames import event, exception
from tests.providers.test_aws import ACCESS, SECRET

WALL = 1_790_000_000.0
HELLO = [
    event("messageStart", {"role": "assistant"}),
    event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hello"}}),
    event("contentBlockStop", {"contentBlockIndex": 0}),
    event("messageStop", {"stopReason": "end_turn"}),
    event("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}),
]
GEMINI = {"candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}]}
CLAUDE = {"content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn"}
OWN_AND_HTTPX = pytest.mark.parametrize("library", [False, True], ids=["own", "httpx"])


def refused(status: int, message: str) -> Said:
    return Said(status, json.dumps({"error": {"code": status, "message": message}}).encode())


def is_signed(asked: Asked, session: str | None = None) -> bool:
    """Whether the signature is that of the request as it arrived."""
    given = asked.fields["authorization"]
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request: Any = AWSRequest(
        asked.method,
        f"http://{asked.fields['host']}{asked.target}",
        headers={name: asked.fields[name] for name in names},
        data=asked.body,
    )
    request.context["timestamp"] = asked.fields["x-amz-date"]
    signer: Any = SigV4Auth(Credentials(ACCESS, SECRET, session), "bedrock", "eu-west-1")
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    return given.endswith(f"Signature={signature}") and {"host", "x-amz-date"} <= {*names}


def bedrock(asked: Asked) -> Said:
    """Bedrock, as far as it looks at credentials."""
    if asked.fields["authorization"] == "Bearer ABSKkey" or is_signed(asked):
        return Said(200, b"".join(HELLO), "application/vnd.amazon.eventstream")
    unknown = {"x-amzn-errortype": "UnrecognizedClientException:http://internal/"}
    return Said(403, b'{"message":"The security token is invalid."}', fields=unknown)


class Google:
    """Vertex and its token server in one; tokens are `ya29.1`, `ya29.2`, ..."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.revoked: set[str] = set()
        self.token_status = 200

    def __call__(self, asked: Asked) -> Said:
        if asked.target.startswith("/token"):
            return self._token(asked)
        token = asked.fields.get("authorization", "").removeprefix("Bearer ")
        if token not in self.given or token in self.revoked:
            return refused(401, "no such token")
        answer = CLAUDE if asked.target.endswith(":rawPredict") else GEMINI
        return Said(200, json.dumps(answer).encode())

    def _token(self, asked: Asked) -> Said:
        if self.token_status != 200:
            return Said(self.token_status, b'{"error":"invalid_grant"}')
        [assertion] = parse_qs(asked.body.decode())["assertion"]
        audience = f"http://{asked.fields['host']}/token"
        late = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(
            assertion, PRIVATE.public_key(), algorithms=["RS256"], audience=audience, options=late
        )
        assert claims["iat"] == WALL
        self.given.append(f"ya29.{len(self.given) + 1}")
        answer = {"access_token": self.given[-1], "expires_in": 3600}
        return Said(200, json.dumps(answer).encode())


@asynccontextmanager
async def served(cloud: Cloud, *, library: bool = False) -> AsyncIterator[tuple[str, HttpClient]]:
    """A cloud's address, and a client whose clock stands still."""
    async with trio.open_nursery() as nursery:
        url = await nursery.start(cloud.serve)
        async with HttpClient(library=library, wall=lambda: WALL) as http:
            await nursery.start(http.run)
            yield url, http
            nursery.cancel_scope.cancel()


async def answered(http: HttpClient, upstream: Upstream, *, stream: bool = False) -> list[Event]:
    """The events of an answer."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    events: list[Event] = []
    async with Exchange(http, upstream, read_chat(body), "a.model-v1:0", connect=2.0) as exchange:
        await exchange.start()
        while batch := await exchange.receive():
            events += batch
    return events


async def called(http: HttpClient, upstream: Upstream, *, stream: bool = False) -> str:
    """The text of an answer."""
    events = await answered(http, upstream, stream=stream)
    assert isinstance(events[-1], Ended)
    return "".join(each.text for each in events if isinstance(each, TextDelta))


@OWN_AND_HTTPX
@pytest.mark.parametrize("written", [f"{ACCESS}:{SECRET}", "ABSKkey"], ids=["signed", "bearer"])
async def test_bedrock_accepts_what_we_send(written: str, library: bool) -> None:
    """The request that arrives is the one that was signed, whichever library sends it; or has its key."""
    cloud = Cloud(bedrock)
    async with served(cloud, library=library) as (url, http):
        upstream = Upstream(Bedrock("eu-west-1"), url, Secret(written))
        for _ in range(2):
            assert await called(http, upstream, stream=True) == "hello"
    [first, _] = cloud.asked
    assert first.target == "/model/a.model-v1%3A0/converse-stream"
    assert ("x-amz-date" in first.fields) == (written != "ABSKkey")


async def test_a_temporary_key_brings_its_token() -> None:
    """Under the signature."""
    cloud = Cloud(bedrock)
    async with served(cloud) as (url, http):
        upstream = Upstream(Bedrock("eu-west-1"), url, Secret(f"{ACCESS}:{SECRET}:session"))
        await called(http, upstream, stream=True)
    assert cloud.asked[0].fields["x-amz-security-token"] == "session"
    assert "x-amz-security-token" in cloud.asked[0].fields["authorization"]


async def test_a_wrong_secret_is_the_keys_fault() -> None:
    """So that the key rests, and others are tried."""
    async with served(Cloud(bedrock)) as (url, http):
        upstream = Upstream(Bedrock("eu-west-1"), url, Secret(f"{ACCESS}:{SECRET[::-1]}"))
        with pytest.raises(CredentialRejected):
            await called(http, upstream, stream=True)


async def test_an_exception_inside_the_stream_ends_it() -> None:
    """As what it would have been as a status."""
    body = HELLO[0] + exception("throttlingException", "Too many tokens")
    cloud = Cloud(lambda _: Said(200, body, "application/vnd.amazon.eventstream"))
    async with served(cloud) as (url, http):
        upstream = Upstream(Bedrock("eu-west-1"), url, Secret("ABSKkey"))
        [*_, last] = await answered(http, upstream, stream=True)
    assert isinstance(last, Failed)
    assert isinstance(last.error, RateLimited)


@OWN_AND_HTTPX
@pytest.mark.parametrize("dialect", [Vertex("a-project"), VertexClaude("a-project")], ids=str)
async def test_vertex_is_given_the_token_of_its_account(dialect: Dialect, library: bool) -> None:
    """Its server verifies the assertion; one token serves all calls."""
    google = Google()
    async with served(Cloud(google), library=library) as (url, http):
        upstream = Upstream(dialect, url, Secret(account_file(f"{url}/token")))
        for _ in range(3):
            assert await called(http, upstream) == "hello"
    assert google.given == ["ya29.1"]


async def test_calls_at_once_share_a_token_and_a_cancelled_one_takes_nothing_along() -> None:
    """The first call gives up while the token is being fetched; the others have it all the same."""
    google = Google()
    cloud, said = Cloud(google), list[str]()
    async with served(cloud) as (url, http):
        cloud.gate = trio.Event()
        upstream = Upstream(Vertex("a-project"), url, Secret(account_file(f"{url}/token")))

        async def call() -> None:
            said.append(await called(http, upstream))

        async with trio.open_nursery() as nursery:
            with trio.move_on_after(5.0) as patience:
                for _ in range(5):
                    nursery.start_soon(call)
                async with trio.open_nursery() as impatient:
                    impatient.start_soon(call)
                    while not cloud.asked:
                        await trio.sleep(0.001)
                    impatient.cancel_scope.cancel()
                cloud.gate.set()
            assert not patience.cancelled_caught
    assert said == ["hello"] * 5
    assert google.given == ["ya29.1"]
    assert sum(asked.target == "/token" for asked in cloud.asked) == 1


async def test_a_token_that_is_refused_is_fetched_anew_for_the_next_call() -> None:
    """The call itself fails, as with any other credential."""
    google = Google()
    async with served(Cloud(google)) as (url, http):
        upstream = Upstream(Vertex("a-project"), url, Secret(account_file(f"{url}/token")))
        await called(http, upstream)
        google.revoked.add("ya29.1")
        with pytest.raises(CredentialRejected):
            await called(http, upstream)
        assert await called(http, upstream) == "hello"
    assert google.given == ["ya29.1", "ya29.2"]


@pytest.mark.parametrize(("status", "error"), [(400, CredentialRejected), (503, Unreachable)])
async def test_no_token_is_the_accounts_fault_or_the_token_servers(
    status: int, error: type[Exception]
) -> None:
    """Told as a failure of the call, which never went to Vertex."""
    google = Google()
    google.token_status = status
    cloud = Cloud(google)
    async with served(cloud) as (url, http):
        upstream = Upstream(Vertex("a-project"), url, Secret(account_file(f"{url}/token")))
        with pytest.raises(error):
            await called(http, upstream)
    assert {asked.target for asked in cloud.asked} == {"/token"}


async def test_a_token_server_that_is_not_there_is_unreachable() -> None:
    """Nothing listens at the port of a socket that is bound and no more."""
    with trio.socket.socket() as nobody:
        await nobody.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{nobody.getsockname()[1]}/token"
        async with served(Cloud(Google())) as (url, http):
            upstream = Upstream(Vertex("a-project"), url, Secret(account_file(dead)))
            with pytest.raises(Unreachable):
                await called(http, upstream)


@pytest.mark.parametrize("dialect", [Vertex("p"), VertexClaude("p"), Bedrock()], ids=str)
async def test_clouds_list_no_models(dialect: Dialect) -> None:
    """Nobody is asked: models are named in the configuration."""
    cloud = Cloud(Google())
    async with served(cloud) as (url, http):
        assert await list_models(http, Upstream(dialect, url, Secret("key"))) == []
    assert cloud.asked == []


async def test_what_waits_for_calls_is_closed_with_the_client() -> None:
    """Connections to the cloud and to its token server."""
    async with served(Cloud(Google())) as (url, http):
        upstream = Upstream(Vertex("a-project"), url, Secret(account_file(f"{url}/token")))
        await called(http, upstream)
        assert http.idle >= 1
    assert http.idle == 0
