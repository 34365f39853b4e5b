"""How an operator writes a policy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Config
from gateway.config_errors import ConfigErrors
from gateway.config_file import load
from gateway.config_policies import USUAL_EXPLORATION
from policies.learned import Learned, Rule
from policies.settings import AtQuantile, Explore, Hedge, Limits, Policy

Read = Callable[[str], Config]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Loads a configuration from the text given."""

    def load_text(text: str) -> Config:
        path = tmp_path / "hedgerow.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, {})

    return load_text


def hedge(read: Read, text: str) -> Hedge:
    """The settings of a policy's hedge, as they are written."""
    return read(f"[policies.p.hedge]\n{text}").policies["p"].hedge


def mistakes(read: Read, text: str) -> list[tuple[str, str, str | None]]:
    """What is wrong with the text given: (path, message, suggestion)s."""
    with pytest.raises(ConfigErrors) as problem:
        read(text)
    return [(each.path, each.message, each.suggestion) for each in problem.value.errors]


def test_what_is_left_out_is_as_in_the_built_in_policy(read: Read) -> None:
    """Also in tables that say something else."""
    assert read("[policies.p]").policies["p"] == Policy("p")
    assert hedge(read, "drain = 1") == Hedge(drain=1.0)


def test_every_setting_of_a_policy_arrives(read: Read) -> None:
    """With no value at its default."""
    policy = read(
        """
[policies.p]
balance = "lowest_cost"
affinity = false
upstream_stream = "never"
max_queue_wait = 0
[policies.p.hedge]
policy = "single_r"
delay = "1s"
quantile = "99%"
probability = 0.5
schedule = ["p50", "2s", 3]
min_delay = 0
max_delay = "9s"
max_parallel = 3
failover_max = 0
budget = "10%"
burst = 1
unit = "requests"
min_samples = 5
default_delay = "4s"
min_win_prob = 0
allow_same_key = true
commit_on = "content"
loser = "drain"
drain = "7s"
explore = { control = "1%", dual = 0.5 }
"""
    ).policies["p"]
    assert (policy.balance, policy.affinity) == ("lowest_cost", False)
    assert (policy.upstream_stream, policy.max_queue_wait) == ("never", 0.0)
    assert policy.hedge == Hedge(
        policy="single_r",
        delay=1.0,
        quantile=0.99,
        probability=0.5,
        schedule=(AtQuantile(0.5), 2.0, 3.0),
        min_delay=0.0,
        max_delay=9.0,
        max_parallel=3,
        failover_max=0,
        budget=0.1,
        burst=1.0,
        unit="requests",
        min_samples=5,
        default_delay=4.0,
        min_win_prob=0.0,
        allow_same_key=True,
        commit_on="content",
        loser="drain",
        drain=7.0,
        explore=Explore(0.01, 0.5, 0.0),
    )


@pytest.mark.parametrize(
    ("written", "explore"),
    [
        ("true", USUAL_EXPLORATION),
        ("false", Explore()),
        ("{}", Explore()),
        ("{ audit = 1 }", Explore(audit=1.0)),
    ],
)
def test_exploration_is_a_switch_or_shares(read: Read, written: str, explore: Explore) -> None:
    """True is the usual shares, and a table only what it names."""
    assert hedge(read, f"explore = {written}").explore == explore


def test_limits_are_a_projects_and_its_keys(read: Read) -> None:
    """All five, in either table."""
    both = "rpm = 1, tpm = 2, concurrent = 3, usd_per_day = 4, usd_per_month = 5.5"
    config = read(f"[projects.p]\nlimits = {{ {both} }}\nkey_limits = {{ rpm = 9 }}\n")
    (project,) = config.projects
    assert project.limits == Limits(1, 2, 3, 4.0, 5.5)
    assert project.key_limits == Limits(rpm=9)


def test_a_learned_file_is_read_from_the_folder_of_the_configuration(
    read: Read, tmp_path: Path
) -> None:
    """Wherever the gateway was started."""
    folder = tmp_path / "tuned"
    folder.mkdir()
    (folder / "a.toml").write_text("version = 1\nrules = [{ delay = '1s' }]")
    written = hedge(read, 'policy = "learned"\nlearned = "tuned/a.toml"')
    assert written.policy == "learned"
    assert written.learned is not None
    assert written.learned == Learned((Rule(1.0),), written.learned.source)


def test_mistakes_in_a_learned_file_are_told_with_those_of_the_configuration(
    read: Read, tmp_path: Path
) -> None:
    """Each with the file, and its place there."""
    (tmp_path / "a.toml").write_text(
        "version = 1\nrules = [{ delay = 'x' }, { warm = true, dely = 1 }]"
    )
    found = mistakes(read, '[policies.p.hedge]\nlearned = "a.toml"\ndrian = 1')
    assert [path for path, _, _ in found] == [
        *["policies.p.hedge.learned"] * 3,
        "policies.p.hedge.drian",
    ]
    assert found[0][1].startswith("a.toml: rules[0].delay: expected")
    assert found[2] == (
        "policies.p.hedge.learned",
        "a.toml: rules[1].dely: unknown key",
        'did you mean "delay"?',
    )


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("policy = 'learned'", ".learned", 'is required where policy is "learned"'),
        ("policy = 'fixed'", ".delay", 'is required where policy is "fixed"'),
        ("learned = 5", ".learned", "expected the name of a file"),
        ("learned = 'none.toml'", ".learned", "none.toml cannot be read: No such file"),
        ("learned = '.'", ".learned", ". cannot be read: Is a directory"),
        ("learned = '~nobody-here/a'", ".learned", "there is no such home"),
        ("probability = 0", ".probability", "must be more than zero"),
        ("probability = 2", ".probability", "expected a share"),
        ("schedule = []", ".schedule", "the list is empty"),
        ("schedule = 'p90'", ".schedule", "expected a list"),
        ("schedule = ['p90', 'p100']", ".schedule[1]", "a quantile is between"),
        ("unit = 'dollars'", ".unit", '"dollars" is not a unit'),
        ("commit_on = 'token'", ".commit_on", '"token" is not what a race can end at'),
        ("loser = 'kill'", ".loser", '"kill" is not what becomes of losers'),
        ("allow_same_key = 1", ".allow_same_key", "expected true or false"),
        ("explore = 'yes'", ".explore", "expected true, false or a table"),
        ("explore = { control = 2 }", ".explore.control", "expected a share"),
        ("explore = { controll = 1 }", ".explore.controll", "unknown key"),
        ("explore = { control = 0.6, dual = 0.6 }", ".explore", "more than all requests"),
        ("min_delay = '11s'", "", "min_delay (11 s) is longer than max_delay (10 s)"),
        ("min_win_prob = 1.5", ".min_win_prob", "expected a share"),
    ],
)
def test_each_mistake_is_told_with_its_path(
    read: Read, text: str, place: str, message: str
) -> None:
    """One mistake, one error."""
    ((path, told, _),) = mistakes(read, f"[policies.p.hedge]\n{text}")
    assert path == f"policies.p.hedge{place}"
    assert message in told


@pytest.mark.parametrize(
    ("text", "path", "suggestion"),
    [
        ("[policies.p]\nbalance = 'roundrobin'", "policies.p.balance", "round_robin"),
        ("[policies.p]\nupstream_stream = 'nevr'", "policies.p.upstream_stream", "never"),
        ("[policies.p]\nafinity = true", "policies.p.afinity", "affinity"),
        ("[projects.p]\nkey_limit = {}", "projects.p.key_limit", "key_limits"),
        (
            "[projects.p]\nkey_limits = { usd_per_mont = 1 }",
            "projects.p.key_limits.usd_per_mont",
            "usd_per_month",
        ),
    ],
)
def test_near_misses_are_guessed(read: Read, text: str, path: str, suggestion: str) -> None:
    """Words and names alike."""
    ((told, _, hint),) = mistakes(read, text)
    assert (told, hint) == (path, f'did you mean "{suggestion}"?')
