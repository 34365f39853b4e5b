"""The bare proxy is what others are compared with, so it must do what it says."""

import httpx

from tests.benchmarks.overhead.canned import canned, port_of


def test_it_carries_requests_and_answers() -> None:
    """One after the other over the same connections."""
    with canned() as upstream, canned("bare", port_of(upstream)) as bare, httpx.Client() as client:
        for words in (1, 8, 64):
            body = {"model": f"say-{words}x0", "messages": [], "stream": False}
            answer = client.post(f"{bare.url}/chat/completions", json=body)
            assert answer.json()["choices"][0]["message"]["content"] == " green" * words
