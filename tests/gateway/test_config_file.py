"""The configuration file."""

from pathlib import Path

import pytest

from gateway.config import Config, Price, ProjectConfig, TargetRef
from gateway.config_errors import ConfigErrors
from gateway.config_file import load
from policies.settings import Hedge, Limits, Policy, Timeouts
from providers.way import Way

KEYS = {"HOME": "/home/ada", "GEMINI_API_KEY": "CANARY-1", "GEMINI_API_KEY_2": "CANARY-2"}
LOCAL = '[providers.local]\nkind = "ollama"\n'

EIGHT_MISTAKES = """
[server]
prot = 8400
keep_alive = "soon"

[providers.gemini-a]
kind = "gemni"
keys = ["env:GEMINI_API_KEY"]

[providers.gemini-b]
kind = "gemini"
keys = ["env:GEMINI_API_KEY", "env:GEMINI_KEY"]
weight = 0

[models."gemini-2.0-flash"]
targets = [["gemini-a"], ["gemini-aa/gemini-pro"]]
policy = "interactve"

[policies.interactive]
hedge = { quantile = 95 }
"""


@pytest.fixture
def read(tmp_path: Path):
    """Loads a configuration from the text given."""

    def load_text(text: str, environ: dict[str, str] | None = None) -> Config:
        path = tmp_path / "hedgerow.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, KEYS if environ is None else environ)

    return load_text


@pytest.fixture
def mistakes(read):
    """What is wrong with the text given: (path, message, suggestion)s."""

    def refused(text: str, environ: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
        with pytest.raises(ConfigErrors) as problem:
            read(text, environ)
        return [(each.path, each.message, each.suggestion or "") for each in problem.value.errors]

    return refused


def test_the_example_of_the_design_loads(read, shared: Path):
    """As it stands there; only the providers that it mentions without showing them are added."""
    design = (shared / "DESIGN.md").read_text(encoding="utf-8")
    example = design.partition("```toml\n")[2].partition("```")[0]
    config = read(
        f"""{example}
[providers.gemini-b]
kind = "gemini"
keys = ["env:GEMINI_API_KEY_2"]
[providers.openrouter]
kind = "openrouter"
keys = ["env:GEMINI_API_KEY"]
"""
    )
    (model,) = config.models
    assert model.targets == (
        (
            TargetRef("gemini-a", "gemini-2.0-flash"),
            TargetRef("gemini-b", "gemini-2.0-flash"),
        ),
        (TargetRef("openrouter", "google/gemini-2.0-flash"),),
    )
    assert config.policies["interactive"] == Policy("interactive")
    assert config.projects == (ProjectConfig("demo", ("gemini-*",), Limits(60, 100_000, 20, 5.0)),)


def test_every_setting_arrives_where_it_belongs(read):
    """A file that says everything, with no value at its default."""
    config = read(
        """
[server]
bind = "[::1]:9000"
max_connections = 5
keep_alive = "1m"
write_timeout = 7
grace = 0
body_limit = "1MiB"
keepalive_comment = "500ms"
fast = "none"
workers = 3
[state]
url = "file:state"
sync_interval = "1s"
on_store_failure = "serve"
[compat]
drop_unsupported = true
[providers.local]
kind = "vllm"
base_url = "http://10.0.0.1:8000/v1/"
domain = "rack 1"
keys = ["sk-raw-1"]
weight = 2
headers = { X-Team = "a" }
cancel_billing = "bills_input"
proxy = "http://me:secret@proxy:3128/"
socket = "/run/vllm.sock"
http2 = true
prices = { "meta/llama-3" = { input = 0.5, output = 1, cached_input = 0.05, cache_write = 0.6 } }
[models.llama]
targets = ["local", "local/meta/llama-3"]
policy = "calm"
price = { input = 0.1, output = 2 }
[policies.default]
max_queue_wait = "2s"
[policies.calm]
hedge = { policy = "fixed", delay = "1s", quantile = "90%", min_delay = 0, max_delay = "9s", \
max_parallel = 3, failover_max = 0, budget = "10%", burst = 1, min_samples = 5 }
timeouts = { connect = 1, first_byte = 2, first_token = 3, idle = 4, total = 5 }
[projects."müşteri"]
policy = "calm"
limits = { rpm = 1 }
key_limits = { tpm = 5, usd_per_month = 1.5 }
"""
    )
    server = config.server
    assert (server.host, server.port, server.max_connections) == ("::1", 9000, 5)
    assert (server.keep_alive, server.write_timeout, server.grace) == (60.0, 7.0, 0.0)
    assert (server.body_limit, server.keepalive_comment, server.fast) == (2**20, 0.5, ())
    assert server.workers == 3
    assert config.state.folder == Path(config.source).parent / "state"
    assert (config.state.sync_interval, config.state.on_store_failure) == (1.0, "serve")
    assert config.compat.drop_unsupported
    (provider,) = config.providers
    assert (provider.base_url, provider.weight) == ("http://10.0.0.1:8000/v1", 2.0)
    assert provider.headers == (("x-team", "a"),)
    assert provider.cancel_billing == "bills_input"
    assert provider.way == Way("http://me:secret@proxy:3128", "/run/vllm.sock", http2=True)
    assert any("providers.local.http2" in warning for warning in config.warnings)
    assert provider.prices == (("meta/llama-3", Price(0.5, 1.0, 0.05, 0.6)),)
    assert [(key.name, key.origin, key.domain) for key in provider.keys] == [
        ("local-1", "raw", "rack 1")
    ]
    (model,) = config.models
    assert model.targets == ((TargetRef("local", "llama"), TargetRef("local", "meta/llama-3")),)
    assert (model.policy, model.price) == ("calm", Price(0.1, 2.0))
    hedge = Hedge(
        policy="fixed",
        delay=1.0,
        quantile=0.9,
        min_delay=0.0,
        max_delay=9.0,
        max_parallel=3,
        failover_max=0,
        budget=0.1,
        burst=1.0,
        min_samples=5,
    )
    assert config.policies == {
        "default": Policy(max_queue_wait=2.0),
        "calm": Policy("calm", hedge=hedge, timeouts=Timeouts(1.0, 2.0, 3.0, 4.0, 5.0)),
    }
    keys = Limits(tpm=5, usd_per_month=1.5)
    assert config.projects == (ProjectConfig("müşteri", None, Limits(1), "calm", keys),)


def test_eight_different_mistakes_are_eight_errors_at_once(mistakes):
    """Each with its path, and with a suggestion where there is one to make."""
    found = {path: suggestion for path, _, suggestion in mistakes(EIGHT_MISTAKES)}
    assert found.pop("server.prot").startswith("known here: bind, ")
    assert found == {
        "server.keep_alive": "",
        "providers.gemini-a.kind": 'did you mean "gemini"?',
        "providers.gemini-b.keys[1]": 'did you mean "GEMINI_API_KEY"?',
        "providers.gemini-b.weight": "",
        'models."gemini-2.0-flash".targets[1][0]': 'did you mean "gemini-a"?',
        'models."gemini-2.0-flash".policy': 'did you mean "interactive"?',
        "policies.interactive.hedge.quantile": "",
    }


def test_correcting_the_mistakes_one_by_one_leaves_the_others(mistakes):
    """No mistake hides another, and none is a consequence of another."""
    corrections = [
        ("prot = 8400", ""),
        ("soon", "5s"),
        ("gemni", "gemini"),
        ("GEMINI_KEY", "GEMINI_API_KEY_2"),
    ]
    text, left = EIGHT_MISTAKES, 8
    for wrong, right in corrections:
        text, left = text.replace(wrong, right), left - 1
        assert len(mistakes(text)) == left


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[server]\nbind = \n", "(at line 2, column 8)"),
        ("[server]\n[server]\n", "(at line 2, column 8)"),
        ("a = 1\na = 2\n", "(at line 2, column 6)"),
    ],
)
def test_what_is_no_toml_is_told_with_line_and_column(mistakes, text: str, place: str):
    """Duplicate keys and tables are such mistakes too."""
    ((path, message, _),) = mistakes(text)
    assert path.endswith("hedgerow.toml")
    assert message.startswith("is no valid TOML: ")
    assert place in message


@pytest.mark.parametrize("content", [b"a = 1" + b"0" * 5000, b"a = " + b"[" * 5000])
def test_absurd_toml_is_refused_like_any_other(tmp_path: Path, content: bytes):
    """Numbers of thousands of digits and lists in lists in lists raise their own errors."""
    path = tmp_path / "hedgerow.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigErrors, match="is no valid TOML"):
        load(path, KEYS)


def test_a_file_in_another_encoding_is_told_with_the_position(tmp_path: Path):
    """TOML is UTF-8."""
    path = tmp_path / "hedgerow.toml"
    path.write_bytes("# ü".encode("latin-1"))
    with pytest.raises(ConfigErrors, match="is not UTF-8: a wrong byte at position 2"):
        load(path, KEYS)


def test_a_byte_order_mark_does_not_matter(tmp_path: Path):
    """Editors on Windows write one."""
    path = tmp_path / "hedgerow.toml"
    path.write_text(LOCAL, encoding="utf-8-sig")
    assert load(path, {}).providers[0].name == "local"


def test_a_folder_is_no_file(tmp_path: Path):
    """The system's own words say why."""
    with pytest.raises(ConfigErrors, match="cannot be read: Is a directory"):
        load(tmp_path, KEYS)


def test_no_secret_is_in_the_configurations_repr_or_in_any_error(read, mistakes):
    """Keys right and wrong, headers, passwords in addresses: a canary in each."""
    good = read(
        '[providers.a]\nkind = "openai"\nkeys = ["CANARY-raw", "env:GEMINI_API_KEY"]\n'
        'headers = { x-team = "CANARY" }\n'
    )
    assert "CANARY" not in f"{good!r}{good}{good.warnings}"
    bad = mistakes(
        """
[state]
url = "redis://:CANARY@h"
[providers.a]
kind = "openai"
keys = ["CANARY CANARY", "env:CANARY-1", "file:CANARY", "env:sk_CANARY", "CANARY\\n"]
base_url = "https://u:CANARY@h"
headers = { x-team = "CANARY\\n", authorization = "CANARY" }
[providers.b]
kind = "openai"
keys = "CANARY"
[providers.c]
kind = "openai"
keys = [["CANARY"], "CANARY", "CANARY"]
"""
    )
    assert len(bad) == 11
    assert "CANARY" not in str(bad)


def test_a_key_in_the_file_is_allowed_and_warned_of(read):
    """With its place, so that it can be moved."""
    config = read('[providers.a]\nkind = "groq"\nkeys = ["env:GEMINI_API_KEY", "gsk-1"]\n')
    (warning,) = config.warnings
    assert warning.startswith("providers.a.keys[1]: the key itself stands in the file")


def test_one_key_under_two_names_is_warned_of(read):
    """Racing a key against itself costs a call and gains nothing."""
    config = read(
        """
[providers.a]
kind = "gemini"
keys = ["env:GEMINI_API_KEY"]
[providers.b]
kind = "gemini"
keys = ["env:GOOGLE_API_KEY"]
""",
        {"GEMINI_API_KEY": "same", "GOOGLE_API_KEY": "same"},
    )
    (warning,) = config.warnings
    assert warning == "providers.b: b-1 is the same key as a-1: racing them gains nothing"


PRICED = f"""{LOCAL}
[models.paid]
targets = ["local"]
price = {{ input = 1, output = 2 }}
[models.gift]
targets = ["local"]
price = {{ input = 0, output = 0 }}
[models.free]
targets = ["local"]
"""


@pytest.mark.parametrize(
    ("models", "free"),
    [
        ('["paid"]', None),
        ('["paid", "gift"]', None),
        ('["paid", "free"]', "free"),
        ('["paid", "unnamed"]', "unnamed"),
        ('["f*"]', 'free, any other "f*"'),
        ('["free", "pai?"]', 'free, any other "pai?"'),
        (None, 'free, any other "*"'),
    ],
)
def test_a_limit_of_money_that_leaves_models_out_is_warned_of(
    read, models: str | None, free: str | None
):
    """A model costs what its price says, and without one nothing: also one that only a provider names."""
    listed = "" if models is None else f"models = {models}\n"
    limits = "limits = { usd_per_day = 5 }\n"
    warnings = read(f'{PRICED}[projects."a b"]\n{limits}{listed}').warnings
    start = 'projects."a b".limits.usd_per_day: models without a price count as free: '
    assert warnings == (() if free is None else (start + free,))


def test_without_a_limit_of_money_no_price_is_missed(read):
    """Other limits need none, and a project each is looked at by itself."""
    text = f"""{PRICED}
[projects.one]
limits = {{ rpm = 5 }}
[projects.two]
models = ["free"]
limits = {{ usd_per_day = 5 }}
[projects.three]
"""
    (warning,) = read(text).warnings
    assert warning.startswith("projects.two.")


def test_a_model_that_each_of_its_providers_has_a_price_for_is_not_free(read):
    """Where one of them has none, a call may still go there."""
    text = """
[providers.a]
kind = "ollama"
prices = { m = { input = 1, output = 2 } }
[providers.b]
kind = "ollama"
[models.m]
targets = ["a"]
[models.n]
targets = ["a/m", "b/m"]
[projects.p]
models = ["m", "n"]
limits = { usd_per_day = 5 }
"""
    (warning,) = read(text).warnings
    assert warning.endswith("count as free: n")


@pytest.mark.parametrize(
    "where", ["limits.usd_per_day", "limits.usd_per_month", "key_limits.usd_per_month"]
)
def test_every_limit_of_money_needs_prices(read, where: str):
    """The first that a project has is named."""
    table, name = where.split(".")
    (warning,) = read(f"{PRICED}[projects.p]\n{table} = {{ {name} = 5 }}\n").warnings
    assert warning.startswith(f"projects.p.{where}: models without a price")


def test_local_providers_need_no_key(read):
    """One anonymous key stands for each, so that it can be raced and rested like any other."""
    (provider,) = read(LOCAL).providers
    assert [(key.name, key.secret.reveal, key.origin) for key in provider.keys] == [
        ("local-1", "", "none")
    ]
    assert provider.base_url == "http://127.0.0.1:11434/v1"


def test_a_target_that_is_there_by_both_its_names_is_one_target(read):
    """`local` and `local/m` are the same for the model m."""
    (model,) = read(f"{LOCAL}[models.m]\ntargets = ['local', 'local/m', 'local/n']").models
    assert model.targets == ((TargetRef("local", "m"), TargetRef("local", "n")),)


def test_a_file_without_providers_takes_them_from_the_environment(read):
    """And its models may name them."""
    config = read('[models.fast]\ntargets = ["gemini/gemini-2.0-flash"]')
    assert [key.name for key in config.providers[0].keys] == ["gemini-1", "gemini-2"]
    assert config.models[0].targets == ((TargetRef("gemini", "gemini-2.0-flash"),),)


def test_a_file_without_providers_and_an_environment_without_keys_is_simulated(read):
    """A file that only sets the port still starts at once."""
    config = read('[server]\nbind = "127.0.0.1:0"', {})
    assert config.simulated
    assert config.providers[0].in_process


def test_mistakes_in_file_and_environment_are_told_together(mistakes):
    """The environment's have a variable for a path."""
    text = '[sever]\n[models.m]\ntargets = ["openai"]'
    found = mistakes(text, {"OPENAI_API_KEY": "a b"})
    assert [path for path, _, _ in found] == ["OPENAI_API_KEY", "sever"]


def test_a_simulator_may_stand_in_the_file(read):
    """In this process without an address, elsewhere with one; its keys are named after it."""
    config = read(
        """
[providers.here]
kind = "simulator"
[providers.there]
kind = "simulator"
base_url = "http://127.0.0.1:9000"
keys = ["steady"]
"""
    )
    here, there = config.providers
    assert [key.name for key in here.keys] == ["here-steady", "here-spiky", "here-limited"]
    assert [key.name for key in there.keys] == ["there-1"]
    assert (here.in_process, there.in_process) == (True, False)
    assert config.simulated
    assert config.warnings == ()


def test_names_of_keys_are_unique(read):
    """Also where one provider's name looks like another's key."""
    config = read(
        "".join(f"[providers.{name}]\nkind = 'ollama'\n" for name in ("a", "a-1", "a-1-1"))
    )
    names = [key.name for provider in config.providers for key in provider.keys]
    assert len(set(names)) == 3
