"""`hedgerow bench load` as it is typed: against the real gateway over its simulated keys."""

import json
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme

from tests.benchmarks.load.serving import ANSWER, prompt, served
from tests.gateway_process import RunningGateway, environment, gateway

MODEL = "gpt-4o-mini"
SAMPLES = Path(__file__).resolve().parents[1] / "samples"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway in a process of its own."""
    with gateway(home=tmp_path_factory.mktemp("gateway")) as started:
        yield started


def arguments(url: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "gateway", "bench", "load", url, "-m", MODEL, *words]


def bench(
    url: str, *words: str, home: Path, key: str | None = None, said: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Runs the command to its end, with the key in MY_KEY and `said` on standard input."""
    return subprocess.run(
        arguments(url, *words),
        capture_output=True,
        check=False,
        text=True,
        cwd=home,
        input=said,
        env=environment(home, {"MY_KEY": key, "COLUMNS": "200"} if key else None),
        timeout=60,
    )


@pytest.mark.slow
def test_a_load_is_measured_end_to_end_and_the_key_is_nowhere(
    running: RunningGateway, tmp_path: Path
) -> None:
    """Table, objectives, files, the command to repeat it and the next one; the secret in none of them."""
    assert running.live_key is not None
    files = ("--jsonl", "run.jsonl", "--hgrm", "run.hgrm", "--html", "run.html")
    sizes = ("--rate", "25", "-n", "40", "--warm-up", "400ms", "--output-tokens", "5-9")
    judged = ("--slo", "ttft p50 < 30s", "--slo", "errors < 50%")

    done = bench(
        running.base_url,
        *("--key-env", "MY_KEY", *sizes, *files, *judged),
        home=tmp_path,
        key=running.live_key,
    )

    assert done.returncode == 0, done.stderr + done.stdout
    for said in ("TTFT", "ITL", "TPOT", "E2EL", "40 counted, 40 answered", "✓ ttft p50 < 30s: "):
        assert said in done.stdout
    repeated = f"hedgerow bench load {running.base_url} --model {MODEL} --key-env MY_KEY --rate 25 "
    assert repeated in done.stdout
    assert "\nNext:" in done.stdout
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert sum(line["counted"] for line in lines) == 40
    assert {line["error"] for line in lines} == {None}
    assert all(5 <= line["asked_output"] <= 9 >= line["output_tokens"] > 0 for line in lines)
    assert all(line["request_id"] for line in lines)
    assert "Percentile" in (tmp_path / "run.hgrm").read_text()
    outputs = [done.stdout, done.stderr, *((tmp_path / name).read_text() for name in files[1::2])]
    assert not [text for text in outputs if running.live_key in text]


@pytest.mark.slow
def test_a_missed_objective_is_exit_code_3_and_machines_get_json(
    running: RunningGateway, tmp_path: Path
) -> None:
    """The key comes over standard input; whole answers."""
    words = ("--no-stream", "--rate", "20", "-n", "10", "--json", "--arrivals", "constant")

    done = bench(
        running.base_url,
        *(*words, "--key-stdin", "--slo", "e2el p50 < 0ms", "--good", "e2el < 1m"),
        home=tmp_path,
        said=f"{running.live_key}\n",
    )

    assert done.returncode == 3, done.stderr
    said = json.loads(done.stdout)
    assert said["summary"]["answered"] == 10
    assert said["summary"]["good"] == 10
    assert said["summary"]["offered"] == pytest.approx(20.0)
    assert list(said["summary"]["latencies"]) == ["e2el"]
    assert [slo["met"] for slo in said["slos"]] == [False]
    assert said["seed"] == 1
    assert running.live_key not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_trace_is_replayed(running: RunningGateway, tmp_path: Path) -> None:
    """With the lengths that it has, as often as it says."""
    trace = ("--trace", str(SAMPLES / "azure.csv"), "--speed", "4")

    done = bench(
        running.base_url,
        *("--key-env", "MY_KEY", *trace, "--jsonl", "run.jsonl"),
        home=tmp_path,
        key=running.live_key,
    )

    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [line["asked_output"] for line in lines] == [40, 110, 60]
    assert [line["due"] for line in lines] == pytest.approx([0.0, 0.125, 0.5], abs=1e-4)


@pytest.mark.slow
def test_nothing_answered_is_a_failure(running: RunningGateway, tmp_path: Path) -> None:
    """Here for want of a key; what the server said of it is told, and a missed objective goes first."""
    few = ("--rate", "50", "-n", "3")

    done = bench(running.base_url, *few, home=tmp_path)
    assert done.returncode == 1
    assert "3 (100.00%): 3 status 401" in done.stdout

    done = bench(running.base_url, *few, "--slo", "errors < 1%", home=tmp_path)
    assert done.returncode == 3
    assert "✗ errors < 1%: 100.00%" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--slo", "tfft p95 < 1s"), "did you mean ttft"),
        (("--key-env", "ABSENT"), "no variable ABSENT"),
        (("--key-stdin",), "no key on standard input"),
    ],
)
def test_what_is_mistyped_is_exit_code_2(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    """One line that says what, before anything is sent."""
    done = bench("http://127.0.0.1:1", *words, home=tmp_path)

    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


@pytest.mark.slow
async def test_an_interrupted_run_tells_what_it_has(tmp_path: Path) -> None:
    """Ctrl-C is exit code 130, with the figures until then."""
    words = ("--no-stream", "--rate", "50", "--duration", "50s", "--jsonl", "run.jsonl", "--json")
    seen = trio.Event()
    asked = 0

    async def counted(stream: trio.SocketStream) -> None:
        nonlocal asked
        while await stream.receive_some(65_536):
            asked += 1
            await stream.send_all(ANSWER)
            if asked == 20:
                seen.set()

    async with served(counted) as url:
        process = await trio.lowlevel.open_process(
            arguments(url, *words),
            stdout=subprocess.PIPE,
            cwd=tmp_path,
            env=environment(tmp_path),
        )
        with trio.fail_after(50):
            await seen.wait()
            process.send_signal(signal.SIGINT)
            assert process.stdout is not None
            out = b"".join([piece async for piece in process.stdout])
            code = await process.wait()

    assert code == 130
    summary = json.loads(out)["summary"]
    assert summary["answered"] >= 18
    assert summary["unfinished"] > 1000
    assert len((tmp_path / "run.jsonl").read_bytes().splitlines()) == summary["requests"]


@pytest.mark.slow
async def test_servers_are_asked_over_tls(tmp_path: Path) -> None:
    """Whose certificate is not known is not asked; SSL_CERT_FILE makes one known."""
    authority = trustme.CA()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def said(url: str, **more: str) -> dict[str, Any]:
        done = await trio.run_process(
            arguments(url, "--no-stream", "--rate", "20", "-n", "3", "--json"),
            capture_stdout=True,
            check=False,
            env=environment(tmp_path, more),
        )
        summary: dict[str, Any] = json.loads(done.stdout)["summary"]
        return summary

    async with served(prompt, tls) as url:
        known = await said(url, SSL_CERT_FILE=str(tmp_path / "ca.pem"))
        unknown = await said(url)

    assert known["answered"] == 3
    assert unknown["errors"] == {"no connection": 3}
    assert "certificate" in unknown["messages"]["no connection"]
