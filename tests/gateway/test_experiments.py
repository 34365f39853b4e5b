"""How an experiment begins."""

from pathlib import Path

import pytest

from gateway.config import Config, ExperimentConfig, ModelConfig, StateConfig
from gateway.config_errors import ConfigErrors
from gateway.experiments import baseline, begin_configured, candidate_of, learned_of, started
from policies.settings import Hedge, Policy
from state import Store
from state.records import RequestEnded

POLICIES = {"default": Policy(), "slow": Policy("slow", hedge=Hedge(policy="off", budget=0.2))}
CONFIG = Config(models=(ModelConfig("gpt-4", (), "slow"),), policies=POLICIES)
LEARNED = 'version = 1\n[[rules]]\ndelay = "1s"\n'


def requests(folder: Path, count: int) -> Path:
    """A journal with so many, from 1 ms up."""
    with Store.open(folder, "serve") as store:
        for n in range(count):
            store.post(
                RequestEnded(
                    *(f"r{n}", "p", "live", "chat", "gpt-4", 200, True, "default", "no", "k"),
                    *(float(n + 1), 10.0 * (n + 1), 1, 2),
                )
            )
    return folder


def test_what_is_late_is_taken_from_the_latest_requests(tmp_path: Path) -> None:
    """Their p99; slow is what takes longer than their p95 in all."""
    late = baseline(requests(tmp_path, 1_000), ("gpt-*",), None)

    assert (late.threshold, late.slow) == (990.0, 9_500.0)


def test_few_requests_do_not_tell_what_is_late(tmp_path: Path) -> None:
    """Then it has to be said."""
    folder = requests(tmp_path, 50)

    with pytest.raises(ConfigErrors, match="50 requests for these models are too few"):
        baseline(folder, ("gpt-*",), None)
    assert baseline(folder, ("gpt-*",), 2.0).threshold == 2_000.0


def test_a_tuners_file_is_laid_on_the_models_own_policy(tmp_path: Path) -> None:
    """Its budget and everything else stay."""
    file = tmp_path / "policy.toml"
    file.write_text(LEARNED)

    candidate = candidate_of(CONFIG, str(file), ("gpt-*",))

    assert candidate.name == "policy"
    assert (candidate.hedge.policy, candidate.hedge.budget) == ("learned", 0.2)
    assert candidate_of(CONFIG, "slow", ("*",)) is POLICIES["slow"]
    with pytest.raises(ConfigErrors, match='there is no policy "fast"'):
        candidate_of(CONFIG, "fast", ("*",))
    with pytest.raises(ConfigErrors, match="cannot be read"):
        learned_of(tmp_path / "nowhere.toml")
    file.write_text("version = 1\n[[rules]]\ndelay = 'soon'\n")
    with pytest.raises(ConfigErrors, match="expected a duration"):
        learned_of(file)


@pytest.mark.parametrize(
    ("name", "share", "control"),
    [("a b", 0.5, 0.0), ("", 0.5, 0.0), ("e", 1.0, 0.0), ("e", 0.5, 0.5)],
)
def test_names_and_shares_must_make_sense(name: str, share: float, control: float) -> None:
    """Letters and digits; something left for the other side."""
    late = baseline(Path("nowhere"), ("*",), 1.0)

    with pytest.raises(ConfigErrors):
        started(
            ExperimentConfig(name, ("*",), "slow", share, control), POLICIES["slow"], late, None
        )


async def test_experiments_of_the_file_are_started_once(tmp_path: Path) -> None:
    """Those that can: one of two lacks the requests that tell what is late."""
    wanted = (
        ExperimentConfig("one", ("gpt-*",), "slow", threshold=1.0),
        ExperimentConfig("two", ("gpt-*",), "slow"),
    )
    state = StateConfig(url=f"file:{tmp_path}")
    config = Config(state=state, policies=POLICIES, experiments=wanted)
    with Store.open(tmp_path, "serve") as store:
        for _ in range(2):
            await begin_configured(config, store)

        (begun,) = store.indexes.experiments.running
        assert (begun.experiment, begun.threshold_ms) == ("one", 1_000.0)
        assert store.statistics().written == 1
