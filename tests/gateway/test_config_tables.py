"""What may be written in each table of the configuration file."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import Config
from gateway.config_errors import ConfigErrors
from gateway.config_file import load

LOCAL = '[providers.local]\nkind = "ollama"\n'
AWS = "[providers.aws]\nkind = 'bedrock'\nkeys = ['k']\n"
VERTEX = "[providers.v]\nkind = 'vertex'\nkeys = ['k']\n"


@pytest.fixture
def read(tmp_path: Path):
    """Loads a configuration from the text given."""

    def load_text(text: str) -> Config:
        path = tmp_path / "hedgerow.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, {})

    return load_text


@pytest.fixture
def mistakes(read):
    """What is wrong with the text given: (path, message)s."""

    def refused(text: str) -> list[tuple[str, str]]:
        with pytest.raises(ConfigErrors) as problem:
            read(text)
        return [(each.path, each.message) for each in problem.value.errors]

    return refused


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ('[server]\nbind = "8400"', "server.bind", "expected an address"),
        ("[server]\nworkers = 0", "server.workers", "from 1 to 256, found 0"),
        ("[server]\nworkers = true", "server.workers", "from 1 to 256, found"),
        ("[server]\nmax_connections = 0", "server.max_connections", "at least 1, found 0"),
        ("[server]\nbody_limit = 0", "server.body_limit", "must be more than zero"),
        ("[server]\ngrace = nan", "server.grace", "found nan"),
        ("[server]\nkeep_alive = 1979-05-27", "server.keep_alive", "found a date or time"),
        ("server = 5", "server", "expected a table, found a whole number"),
        ('[state]\nurl = "redis://h"', "state.url", "comes in a later version"),
        ('[state]\non_store_failure = "retry"', "state.on_store_failure", '"retry" is not what'),
        ('[providers."a/b"]\nkind = "ollama"', 'providers."a/b"', "a name is up to 64 letters"),
        ("[providers.x]\nkeys = ['k']", "providers.x.kind", "is required"),
        ("[providers.x]\nkind = 'openai'", "providers.x.keys", "is required"),
        ("[providers.x]\nkind = 'openai'\nkeys = []", "providers.x.keys", "the list is empty"),
        ("[providers.x]\nkind = 'ollama'\nkeys = ['k', 'k']", "providers.x.keys[1]", "already"),
        ("[providers.x]\nkind = 'ollama'\nkeys = 'k'", "providers.x.keys", "expected a list"),
        ("[providers.x]\nkind = 'ollama'\nbase_url = 'h'", "providers.x.base_url", "an address"),
        ("[providers.x]\nkind = ['openai']", "providers.x.kind", "found a list"),
        ("[[providers]]\nkind = 'openai'", "providers", "expected a table, found a list"),
        (f"{LOCAL}[models.m]", "models.m.targets", "is required"),
        (f"{LOCAL}[models.m]\ntargets = []", "models.m.targets", "the list is empty"),
        (f"{LOCAL}[models.m]\ntargets = 'local'", "models.m.targets", "expected a list"),
        (f"{LOCAL}[models.m]\ntargets = [[]]", "models.m.targets[0]", "the list is empty"),
        (f"{LOCAL}[models.m]\ntargets = [1]", "models.m.targets[0]", "found a whole number"),
        (f"{LOCAL}[models.m]\ntargets = ['local/']", "models.m.targets[0]", "names no model"),
        (f"{LOCAL}[models.m]\ntargets = ['loc']", "models.m.targets[0]", 'no provider "loc"'),
        (f"{LOCAL}[models.m]\ntargets = ['local', ['local/x']]", "models.m.targets", "mixes"),
        (f"{LOCAL}[models.m]\ntargets = [['local'], ['local']]", "models.m.targets", "twice"),
        ("[policies.p]\nhedge = {min_delay = '11s'}", "policies.p.hedge", "is longer than"),
        ("[policies.p]\nhedge = {budget = '200%'}", "policies.p.hedge.budget", "a share"),
        ("[policies.p]\nhedge = {policy = 'of'}", "policies.p.hedge.policy", '"of" is not'),
        ("[policies.p]\nhedge = {max_parallel = 0}", "policies.p.hedge.max_parallel", "at least"),
        ("[policies.p]\ntimeouts = {idle = 0}", "policies.p.timeouts.idle", "more than zero"),
        ("[policies.p]\ntimeouts = {idl = 1}", "policies.p.timeouts.idl", "unknown key"),
        ("[projects.p]\nmodels = 'x'", "projects.p.models", "expected a list"),
        ("[projects.p]\nlimits = {rpm = true}", "projects.p.limits.rpm", "found true or false"),
        ("[projects.p]\nlimits = {usd_per_day = -1}", "projects.p.limits.usd_per_day", "-1"),
        ("[projects.p]\npolicy = 'none'", "projects.p.policy", '"none" is not a policy'),
        ("[projects.p]\nkey_limits = 5", "projects.p.key_limits", "expected a table"),
        (f"{LOCAL}cancel_billing = 'never'", "providers.local.cancel_billing", "is not a way"),
        (f"{LOCAL}proxy = 'socks5://h:1'", "providers.local.proxy", "a proxy like"),
        (f"{LOCAL}proxy = 5", "providers.local.proxy", "an address, found a whole number"),
        (f"{LOCAL}socket = ''", "providers.local.socket", "a text of one line"),
        (f"{LOCAL}http2 = 'yes'", "providers.local.http2", "true or false"),
        ("[providers.x]\nkind = 'azure'\nkeys = ['k']", "providers.x.base_url", "is required"),
        (f"{LOCAL}api_version = '1'", "providers.local.api_version", "has none"),
        (f"{LOCAL}region = 'eu-west-1'", "providers.local.region", "has none"),
        ("[providers.x]\nkind = 'bedrock'\nkeys = ['k']", "providers.x.region", "is required"),
        (f"{AWS}region = 'eu west'", "providers.aws.region", "a word like"),
        (f"{AWS}region = 'evil.example/'", "providers.aws.region", "a word like"),
        (f"{AWS}region = 'x'\nproject = 'p'", "providers.aws.project", "has none"),
        (f"{VERTEX}location = 5", "providers.v.location", "a word like"),
        (f"{LOCAL}prices = 5", "providers.local.prices", "expected a table"),
        (f"{LOCAL}prices = {{m = {{input = 1}}}}", "providers.local.prices.m.output", "required"),
        (
            f"{LOCAL}[models.m]\ntargets = ['local']\nprice = {{input = 1, output = 1, cached = 1}}",
            "models.m.price.cached",
            "unknown key",
        ),
        ("[provider.x]", "provider", "unknown key"),
    ],
)
def test_each_mistake_is_told_with_its_path(mistakes, text: str, path: str, message: str):
    """One mistake, one error, at the place where it was made."""
    ((told_path, told_message),) = mistakes(text)
    assert told_path == path
    assert message in told_message


def test_a_delay_that_cannot_be_read_is_told_once(mistakes):
    """What cannot be read cannot be compared either."""
    assert len(mistakes("[policies.p]\nhedge = {min_delay = 'x', max_delay = '1s'}")) == 1


TOML_VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-10, 10**6),
        st.sampled_from(["inf", "nan", "-0.5"]).map(float),
        st.sampled_from(["openai", "env:A", "5s", "local", "quantile", "", "*", "a/b"]),
    ),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
TABLES = {
    "server": ("bind", "grace", "body_limit"),
    "state": ("url", "sync_interval", "on_store_failure"),
    "compat": ("drop_unsupported",),
    "providers.x": (
        "kind",
        "keys",
        "base_url",
        "weight",
        "headers",
        "domain",
        "cancel_billing",
        "prices",
        "proxy",
        "socket",
        "http2",
    ),
    "models.m": ("targets", "policy", "price"),
    "policies.p": ("hedge", "timeouts", "max_queue_wait", "balance", "affinity"),
    "policies.p.hedge": ("schedule", "learned", "explore", "unit", "probability", "loser"),
    "projects.q": ("models", "limits", "policy", "key_limits"),
}


def as_toml(value: Any) -> str:
    """The value as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


@given(st.data())
@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_stands_in_the_file_gives_a_configuration_or_its_errors(read, data):
    """Never another exception: a typo must not end in a traceback."""
    lines = []
    for table, members in data.draw(st.sets(st.sampled_from(sorted(TABLES.items())), max_size=3)):
        values = data.draw(st.dictionaries(st.sampled_from(members), TOML_VALUES))
        lines.append(f"[{table}]")
        lines.extend(f"{member} = {as_toml(value)}" for member, value in values.items())
    try:
        config = read("\n".join(lines))
    except ConfigErrors as problem:
        told = problem.errors
    else:
        told = ()
        assert config.policies["default"]
    assert all(error.path and error.message for error in told)
