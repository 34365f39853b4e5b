"""Ratios to peers, round by round."""

from benchmarks.peers.table import Result, demands, table

OURS = {
    "rps": [4000.0, 4200.0],
    "cpu_us": [250.0, 240.0],
    "p50_1": [0.001] * 2,
    "p99_1": [0.002] * 2,
}
SEEN = {
    "direct": {**OURS, "p50_1": [0.0005] * 2, "p99_1": [0.001] * 2},
    "hedgerow": OURS,
    "bare proxy": OURS,
    "litellm 1.2": {**OURS, "rps": [100.0, 70.0], "cpu_us": [12_500.0, 12_000.0]},
    "portkey 3.4": {**OURS, "rps": [2000.0, 1000.0]},
}


def result(**changes: str) -> Result:
    """Two rounds with two peers."""
    failed = dict.fromkeys(SEEN, 0)
    return Result(2, SEEN, failed, {"hedgerow": 70_000_000, "portkey 3.4": 133_000_000}, changes)


def test_a_peer_is_compared_round_by_round() -> None:
    """The median of the ratios, with the least and the most; added latency is beside the direct call."""
    lines = table(result()).splitlines()
    assert "hedgerow answers 50.0 (40.0-60.0) times litellm 1.2's requests a second" in "\n".join(
        lines
    )
    assert "litellm 1.2 takes 50.0 (50.0-50.0) times the CPU" in "\n".join(lines)
    (ours,) = [line for line in lines if line.startswith("hedgerow  ")]
    assert "0.50 (0.50-0.50)" in ours
    assert " 70 " in ours
    assert not any("bare proxy's" in line for line in lines)


def test_each_known_peer_has_its_bar() -> None:
    """Forty times LiteLLM's requests, four times Portkey's."""
    told = {
        demand.says.split("'")[0].split(", times ")[1]: demand.kept for demand in demands(result())
    }
    assert told == {"litellm 1.2": True, "portkey 3.4": False}


def test_who_was_not_measured_is_named_with_the_reason() -> None:
    """Instead of being missing."""
    assert "litellm was not measured: no npm" in table(result(litellm="no npm"))
