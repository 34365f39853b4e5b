"""The same contenders on the real program."""

import tomllib
from pathlib import Path

import pytest

from benchmarks.tail.contenders import contender
from benchmarks.tail.real import NAMES, Setup, config, run_cells
from benchmarks.tail.scenarios import SCENARIOS


def configured(name: str) -> dict[str, object]:
    """A contender's configuration, read back."""
    racer = contender(name, SCENARIOS["iid"], "spiky")
    return tomllib.loads(config(racer, "http://127.0.0.1:1", Path("state")))


def test_a_gateway_is_told_the_contenders_own_policy() -> None:
    """What is compared in virtual time is what is run."""
    policies = configured("hedgerow-quantile-5")["policies"]
    hedge = contender("hedgerow-quantile-5", SCENARIOS["iid"], "spiky").policy.hedge

    assert policies == {
        "default": {
            "balance": "p2c",
            "hedge": {
                "policy": "quantile",
                "quantile": 0.95,
                "budget": 0.05,
                "burst": hedge.burst,
            },
        }
    }


def test_the_baseline_is_told_not_to_hedge() -> None:
    """And has keys of its own, by which its calls are counted."""
    unhedged, ours = (configured(name) for name in NAMES)

    assert unhedged["policies"] == {"default": {"balance": "p2c", "hedge": {"policy": "off"}}}
    assert unhedged["providers"] != ours["providers"]
    assert len(unhedged["providers"]) == 4  # type: ignore[arg-type]


@pytest.mark.slow
def test_real_processes_are_measured_end_to_end() -> None:
    """Simulator, gateways and generator start, measure and stop; every call is counted."""
    setup = Setup("tight", requests=20, warm_up=5, rate=20.0)

    cells = run_cells(setup)

    assert [cell.contender for cell in cells] == list(NAMES)
    for cell in cells:
        assert len(cell.samples) == 20
        assert cell.errors == 0
        assert cell.upstream_calls == 20 + cell.hedges
        assert all(0.1 < ttft < 30.0 for ttft in cell.ttfts)
