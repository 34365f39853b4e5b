"""The gateway as a whole over HTTP: routes, errors, headers, rights, limits, and what is written down."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from gateway.race import NO_TARGET
from providers.simulator import Fault, refusing_address
from tests.gateway.running import QUICK, Running, running

STREAM = {"stream": True, "max_tokens": 8}
PRICED = '[models."gpt-4o-mini"]\ntargets = ["one"]\nprice = { input = 1, output = 2 }\n'


def events(response: httpx.Response) -> list[str]:
    """The data lines of a streamed answer."""
    return [line[6:] for line in response.text.splitlines() if line.startswith("data: ")]


def ended(gateway: Running) -> list[Any]:
    """The requests in the journal, as they stand on the disk."""
    lines = [
        json.loads(line)
        for path in sorted((gateway.state / "logs" / "serve").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return [line for line in lines if line["t"] == "request_ended"]


async def the_first_words(gateway: Running) -> str:
    """What a client hears of a stream that leaves as soon as anything was said."""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}], "stream": True}
    call = gateway.http.stream("POST", "/v1/chat/completions", json=body, headers=gateway.auth())
    words = ""
    with trio.CancelScope() as scope:  # leaving the loop would not close the library's generators
        async with call as response:
            async for line in response.aiter_lines():
                words += said([line[6:]]) if line.startswith("data: ") else ""
                if words:
                    scope.cancel()
    return words


async def until_midnight(at_least: float) -> float:
    """Seconds until the day ends (UTC), if need be of the next one: so much of it is left."""
    while True:
        now = datetime.now(UTC)
        left = (
            86_400 - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
        )
        if left >= at_least:
            return left
        await trio.sleep(0.1)


def said(chunks: list[str]) -> str:
    """The text of a streamed answer."""
    parts = [json.loads(chunk)["choices"] for chunk in chunks if chunk != "[DONE]"]
    return "".join(choices[0]["delta"].get("content", "") for choices in parts if choices)


@pytest.mark.parametrize("model", ["gpt-4o-mini", "gemini-2.0-flash", "claude-sonnet-4-5"])
async def test_an_answer_is_the_same_story_streamed_and_whole(tmp_path: Path, model: str) -> None:
    """Whatever the dialect behind, both ways have text, one finish and the usage."""
    async with running(tmp_path) as gateway:
        whole = (await gateway.chat({"model": model, "max_tokens": 8})).json()
        options = {"stream_options": {"include_usage": True}}
        streamed = events(await gateway.chat({"model": model, **STREAM, **options}))

    assert whole["model"] == model
    assert whole["choices"][0]["message"]["content"]
    assert whole["choices"][0]["finish_reason"] in ("stop", "length")
    assert streamed[-1] == "[DONE]"
    assert said(streamed)
    usage = json.loads(streamed[-2])["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


async def test_every_response_says_what_happened(tmp_path: Path) -> None:
    """DESIGN §8: ids, attempts, winner, overhead; on answers and on errors alike."""
    async with running(tmp_path) as gateway:
        answer = await gateway.chat()
        error = await gateway.http.get("/nowhere")

    assert answer.headers["x-hedgerow-winner"] in ("one-1", "two-1")
    assert answer.headers["x-hedgerow-attempts"] == "1"
    for response in (answer, error):
        assert response.headers["x-request-id"].startswith("req_")
        assert response.headers["x-hedgerow-hedged"] == "no"
        assert float(response.headers["x-hedgerow-overhead-ms"]) >= 0
        assert "gw;dur=" in response.headers["server-timing"]


async def test_a_broken_key_is_not_noticed_by_the_client(tmp_path: Path) -> None:
    """Every way in which a key can fail before its first token ends in another key's answer."""
    kinds = ["server_error", "unauthorized", "rate_limited", "error_frame", "cut", "empty_done"]
    async with running(tmp_path) as gateway:
        for kind in [*kinds, "malformed_sse", "reset_mid_body"]:
            gateway.simulator.script("one", [Fault(kind, words=0)])
            answer = await gateway.chat(STREAM)

            assert answer.status_code == 200, kind
            assert events(answer)[-1] == "[DONE]", kind


async def test_a_stream_that_breaks_ends_in_an_error_and_no_done(tmp_path: Path) -> None:
    """After the first token the failure is told in the stream, and the record says so."""
    async with running(tmp_path, keys={"one": QUICK}) as gateway:
        gateway.simulator.script("one", [Fault("cut", words=3)])
        broken = events(await gateway.chat({"stream": True}))
        metrics = (await gateway.http.get("/metrics")).text
        (record,) = ended(gateway)

    assert "[DONE]" not in broken
    error = json.loads(broken[-1])["error"]
    assert (error["type"], error["code"]) == ("service_unavailable", 503)
    assert (record["status"], record["error"]) == (200, "service_unavailable")
    assert record["completion_tokens"] == -(-len(said(broken[:-1]).encode()) // 4) > 0
    assert 'outcome="broken",project="default"} 1.0' in metrics


async def test_a_whole_answer_that_breaks_costs_nothing(tmp_path: Path) -> None:
    """The client has an error and nothing else; what the upstream had sent was for nobody."""
    async with running(tmp_path, keys={"one": QUICK}, settings=PRICED) as gateway:
        gateway.simulator.script("one", ["truncated_json"])
        answer = await gateway.chat()
        (record,) = ended(gateway)

    assert answer.status_code == record["status"] == 503
    assert (record["prompt_tokens"], record["completion_tokens"], record["nano_usd"]) == (0, 0, 0)


async def test_a_client_that_leaves_pays_for_what_it_has_heard(tmp_path: Path) -> None:
    """In the middle of a stream: the prompt, and the words that were on their way by then."""
    async with running(tmp_path, keys={"one": QUICK}, settings=PRICED) as gateway:
        gateway.simulator.script("one", [Fault("stall", words=3)])
        text = await the_first_words(gateway)
        with trio.fail_after(5.0):
            while not ended(gateway):
                await trio.sleep(0.01)
        (record,) = ended(gateway)

    assert (record["status"], record["client_gone"]) == (499, True)
    prompt, completion = record["prompt_tokens"], record["completion_tokens"]
    assert len(text) / 4 <= completion < 20
    assert record["nano_usd"] == 1000 * prompt + 2000 * completion > 2000


async def test_a_project_that_has_spent_its_dollars_waits_for_midnight(tmp_path: Path) -> None:
    """By the prices of the file, from what stands in the journal; test mode spends nothing."""
    limits = "[projects.default]\nlimits = { usd_per_day = 0.00201 }\n"
    async with running(tmp_path, keys={"one": QUICK}, settings=PRICED + limits) as gateway:
        await until_midnight(at_least=10.0)
        mocked = await gateway.http.post(
            "/v1/chat/completions",
            json={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Merhaba"}]},
            headers=gateway.auth(gateway.test_key),
        )
        first, second = await gateway.chat(), await gateway.chat()
        midnight = await until_midnight(at_least=0.0)
        test, live = ended(gateway)

    assert [mocked.status_code, first.status_code, second.status_code] == [200, 200, 429]
    usage = first.json()["usage"]
    assert live["nano_usd"] == 1000 * usage["prompt_tokens"] + 2000 * usage["completion_tokens"]
    assert (test["nano_usd"], test["environment"]) == (0, "test")
    assert "dollars a day" in second.json()["error"]["message"]
    assert 0 <= int(second.headers["retry-after"]) - midnight <= 5


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault("rate_limited_retry_after", retry_after=77.0), 429, "rate_limit_error"),
        ("server_error", 503, "service_unavailable"),
        ("overloaded", 503, "service_unavailable"),
        ("unauthorized", 503, "service_unavailable"),
        ("truncated_json", 503, "service_unavailable"),
    ],
)
async def test_when_nobody_can_answer_the_status_is_honest(
    tmp_path: Path, fault: Fault | str, status: int, kind: str
) -> None:
    """One key, and it fails: the client gets the error of SPEC §5, and never a credential's fault."""
    async with running(tmp_path, keys={"one": QUICK}) as gateway:
        gateway.simulator.script("one", [fault])
        answer = await gateway.chat()

    assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)
    assert answer.headers["x-hedgerow-attempts"] == "1"
    if status == 429:
        assert 50 < int(answer.headers["retry-after"]) < 100
    else:
        assert answer.headers["x-should-retry"] == "false"


async def test_when_every_key_is_refused_it_is_our_trouble_and_not_the_clients(
    tmp_path: Path,
) -> None:
    """A pool of dead keys is 503 from then on, without asking the provider again and again."""
    async with running(tmp_path, keys={"one": QUICK}) as gateway:
        gateway.simulator.script("one", ["unauthorized"])
        await gateway.chat()
        before = gateway.simulator.ledger.total.started
        again = await gateway.chat()

        assert again.status_code == 503
        assert NO_TARGET not in again.text
        assert gateway.simulator.ledger.total.started == before


async def test_a_project_has_its_models_and_limits(tmp_path: Path) -> None:
    """Rights by glob, requests a minute, and the headers that are true to them."""
    settings = '[projects.default]\nmodels = ["gpt-*"]\nlimits = { rpm = 2, tpm = 100000 }\n'
    async with running(tmp_path, settings=settings) as gateway:
        forbidden = await gateway.chat({"model": "gemini-2.0-flash"})
        first, second, third = [await gateway.chat() for _ in range(3)]
        listed = (await gateway.http.get("/v1/models", headers=gateway.auth())).json()

    assert forbidden.status_code == 403
    assert [r.status_code for r in (first, second, third)] == [200, 200, 429]
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    assert int(third.headers["retry-after"]) <= 60
    assert {model["id"][:4] for model in listed["data"]} == {"gpt-"}


async def test_requests_are_written_down_with_their_attempts(tmp_path: Path) -> None:
    """One record a request: who won, who failed, what it used; and no word of the conversation."""
    async with running(tmp_path) as gateway:
        gateway.simulator.script("one", ["server_error"])
        gateway.simulator.script("two", ["server_error"])
        secret = {"messages": [{"role": "user", "content": "çok gizli"}]}
        answers = [await gateway.chat(secret, x_hedgerow_tags="a,b") for _ in range(3)]
        journal = "".join(p.read_text() for p in (gateway.state / "logs").glob("serve/*.jsonl"))
        records = ended(gateway)

    assert [r["request"] for r in records] == [a.headers["x-request-id"] for a in answers]
    assert records[-1]["tags"] == ["a", "b"]
    assert {attempt["outcome"] for r in records for attempt in r["attempts"]} >= {"won", "failed"}
    assert "gizli" not in journal
    assert gateway.live_key not in journal


async def test_a_client_that_leaves_stops_its_upstream_calls(tmp_path: Path) -> None:
    """Streamed or not, waiting or in the middle: the calls are gone within a tenth of a second."""
    async with running(tmp_path) as gateway:
        for key in ("one", "two"):
            gateway.simulator.script(key, [Fault("silence")] * 2)
        for body in ({}, {"stream": True}):
            with trio.move_on_after(0.3):
                await gateway.chat(body)
            with trio.fail_after(1.0):
                while gateway.simulator.ledger.total.in_flight:
                    await trio.sleep(0.01)

        assert gateway.simulator.ledger.total.cancelled == 2


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_health_and_metrics_need_no_key(tmp_path: Path, path: str) -> None:
    """Probes and scrapes work out of the box."""
    async with running(tmp_path) as gateway:
        answer = await gateway.http.get(path)

    assert answer.status_code == 200


async def test_metrics_count_requests_attempts_and_keys(tmp_path: Path) -> None:
    """The names people's dashboards look for, fed by what really happened."""
    async with running(tmp_path) as gateway:
        await gateway.chat()
        await gateway.chat(STREAM)
        text = (await gateway.http.get("/metrics")).text

    count = 'hedgerow_requests_total{model="gpt-4o-mini",operation="chat",outcome="ok"'
    assert f'{count},project="default"}} 2.0' in text
    assert 'role="primary"' in text
    assert 'hedgerow_key_state{key="one-1",state="active"} 1.0' in text
    assert "gen_ai_server_time_to_first_token_seconds_count" in text
    assert "hedgerow_inflight_requests 0.0" in text
    assert gateway.live_key not in text


async def test_metrics_have_no_name_that_a_client_made_up(tmp_path: Path) -> None:
    """Any name may be tried at a provider that could not be asked what it has; they are all one model."""
    with refusing_address() as nobody:
        dark = f'[providers.dark]\nkind = "openai"\nbase_url = "{nobody}"\nkeys = ["k"]\n'
        async with running(tmp_path, settings=dark) as gateway:
            answers = [await gateway.chat({"model": f"made-up-{n}"}) for n in range(2)]
            text = (await gateway.http.get("/metrics")).text
            records = ended(gateway)

    assert [answer.status_code for answer in answers] == [503, 503]
    assert [record["model"] for record in records] == ["made-up-0", "made-up-1"]
    count = 'hedgerow_requests_total{model="unlisted",operation="chat",outcome="server_error"'
    assert f'{count},project="default"}} 2.0' in text
    assert 'hedgerow_attempts_total{key="dark-1",model="unlisted"' in text
    assert "made-up" not in text


async def test_a_body_that_is_too_large_is_a_bad_request(tmp_path: Path) -> None:
    """413 is not in the error table: it is 400, in the usual shape."""
    (tmp_path / "x").mkdir()
    settings = "[policies.calm]\nmax_queue_wait = 1\n"
    async with running(tmp_path, settings=settings) as gateway:
        big = "x" * 21_000_000
        answer = await gateway.chat({"messages": [{"role": "user", "content": big}]})

    assert answer.status_code == 400
    assert "too large" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x_hedgerow_hedge", "soon"),
        ("x_hedgerow_policy", "none-such"),
        ("x_hedgerow_timeout", "-1s"),
    ],
)
async def test_a_bad_knob_is_named(tmp_path: Path, header: str, value: str) -> None:
    """A request header of ours that makes no sense is a 400, not ignored."""
    async with running(tmp_path) as gateway:
        answer = await gateway.chat({}, **{header: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == header.replace("_", "-")


async def test_a_request_can_ask_for_its_own_hedge(tmp_path: Path) -> None:
    """`x-hedgerow-hedge: 50ms` starts a second call when the first keeps silent."""
    async with running(tmp_path) as gateway:
        gateway.simulator.script("one", [Fault("silence")])
        gateway.simulator.script("two", [Fault("silence")])
        answer = await gateway.chat(STREAM, x_hedgerow_hedge="50ms", x_hedgerow_timeout="2s")

    assert answer.status_code == 503
    assert answer.headers["x-hedgerow-attempts"] == "2"
    assert answer.headers["x-hedgerow-hedged"] == "lost"


async def test_a_parameter_no_provider_supports_is_refused_by_name(tmp_path: Path) -> None:
    """What a dialect cannot honour is a 400 that names it, not a silent drop."""
    async with running(tmp_path) as gateway:
        answer = await gateway.chat({"model": "claude-sonnet-4-5", "seed": 7})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "seed"
