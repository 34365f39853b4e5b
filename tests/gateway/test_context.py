"""The parts of a running gateway: what is known of models, and what is said of projects."""

import pytest

from gateway.account import Books
from gateway.auth import Principal
from gateway.catalog import Catalog
from gateway.config import Config, KeyConfig, ProjectConfig, ProviderConfig
from gateway.context import Context, MeterName
from policies.limits import Meter, Whose
from policies.pool import Pool
from policies.settings import Limits
from providers.types import ModelInfo, Secret
from state.records import ProjectCreated


def provider(name: str) -> ProviderConfig:
    """A provider with one key."""
    return ProviderConfig(
        name, "openai", "http://u", name, (KeyConfig(f"{name}-1", Secret("s"), "raw", name),)
    )


@pytest.fixture
def context(books: Books) -> Context:
    """A gateway with two providers that nobody has asked yet."""
    return Context(
        config=Config(providers=(provider("a"), provider("b"))),
        store=books.store,
        metrics=books.metrics,
        books=books,
        pool=Pool(),
        answerers={},
        catalog=Catalog({}),
    )


def test_a_provider_that_cannot_be_asked_again_keeps_its_models(context: Context) -> None:
    """From the first look on: an outage of its list is none of its models."""
    context.learn({"a": [ModelInfo("m")], "b": [ModelInfo("n")]})
    context.learn({"a": None, "b": None})
    assert set(context.catalog.offers) == {"m", "n"}
    assert context.catalog.open_providers == ()


def test_a_provider_that_was_never_asked_may_be_tried_until_it_was(context: Context) -> None:
    """Any name may be one of its models; once it has said what it has, no other is."""
    context.learn({"a": [ModelInfo("m")], "b": None})
    assert [each.name for each in context.catalog.open_providers] == ["b"]
    context.learn({"a": None, "b": [ModelInfo("n")]})
    assert context.catalog.open_providers == ()
    assert context.catalog.find("x") is None


def test_what_a_provider_no_longer_has_is_no_longer_offered(context: Context) -> None:
    """Its latest word counts, and the pool forgets the rest."""
    context.learn({"a": [ModelInfo("m")], "b": [ModelInfo("m"), ModelInfo("n")]})
    context.learn({"a": [], "b": [ModelInfo("m")]})
    assert set(context.catalog.offers) == {"m"}
    known = [(each.target.key, each.target.model) for each in context.pool.snapshot(0.0).keys]
    assert known == [("b-1", "m")]


def test_the_file_has_the_last_word_on_a_projects_models(context: Context) -> None:
    """Where it says nothing the journal's word stands; a project that nobody knows may use none."""
    context.store.post(ProjectCreated("demo", ("gpt-*",)))
    assert context.globs("demo") == ("gpt-*",)
    assert context.globs("other") == ()
    context.config = Config(projects=(ProjectConfig("demo"),))
    assert context.globs("demo") == ("gpt-*",)
    context.config = Config(projects=(ProjectConfig("demo", ("gemini-*",)),))
    assert context.globs("demo") == ("gemini-*",)


def test_a_project_has_one_meter(context: Context) -> None:
    """All its requests are counted on it; a project without configuration has none."""
    context.config = Config(projects=(ProjectConfig("demo", limits=Limits(rpm=1)),))
    assert context.meters_of(Principal("other", "live", "a1")) == ()
    (meter,) = context.meters_of(Principal("demo", "live", "a1"))
    assert context.meters_of(Principal("demo", "test", "b2")) == (meter,)
    assert (meter.whose, meter.limits) == ("project", Limits(rpm=1))


def test_each_key_has_a_meter_of_its_own_where_keys_have_limits(context: Context) -> None:
    """Beside the project's, and every time the same one."""
    limited = ProjectConfig("demo", key_limits=Limits(rpm=1))
    context.config = Config(projects=(limited,))
    project, one = context.meters_of(Principal("demo", "live", "a1"))
    again, two = context.meters_of(Principal("demo", "live", "b2"))
    assert project is again
    assert one is not two
    assert (one.whose, one.limits) == ("key", Limits(rpm=1))
    assert context.meters_of(Principal("demo", "live", "a1")) == (project, one)


def test_a_meter_may_be_asked_for_by_its_name(context: Context) -> None:
    """For whoever hears of calls elsewhere; and be of a kind that counts those too."""
    made: list[tuple[MeterName, Limits, str]] = []

    def new_meter(name: MeterName, limits: Limits, whose: Whose) -> Meter:
        made.append((name, limits, whose))
        return Meter(limits, whose)

    context.new_meter = new_meter
    demo = ProjectConfig("demo", limits=Limits(rpm=5), key_limits=Limits(tpm=7))
    context.config = Config(projects=(demo,))
    known = (context.meter(("demo", None)), context.meter(("demo", "a1")))
    assert context.meters_of(Principal("demo", "live", "a1")) == known
    assert made == [
        (("demo", None), demo.limits, "project"),
        (("demo", "a1"), demo.key_limits, "key"),
    ]
