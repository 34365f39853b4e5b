"""Which models there are, and where a call for each may go."""

import pytest

from gateway.catalog import Catalog, Offer, allowed, build
from gateway.config import Config, KeyConfig, ModelConfig, Price, ProviderConfig, TargetRef
from policies.target import Target
from providers.types import ModelInfo, Secret


def provider(name: str, keys: int = 1, weight: float = 1.0) -> ProviderConfig:
    """A provider whose keys are named after it."""
    made = [KeyConfig(f"{name}-{n + 1}", Secret("s"), "raw", f"{name}-domain") for n in range(keys)]
    return ProviderConfig(name, "openai", "http://u", f"{name}-domain", tuple(made), weight)


def target(key: str, model: str, weight: float = 1.0) -> Target:
    """The target of one key."""
    name = key.rpartition("-")[0]
    return Target(key, name, f"{name}-domain", model, weight)


A, B = provider("a", keys=2), provider("b", weight=2.0)


@pytest.mark.parametrize(
    ("model", "globs", "admitted"),
    [
        ("gemini-2.0-flash", ("*",), True),
        ("gemini-2.0-flash", ("gemini-*",), True),
        ("gemini-2.0-flash", ("gpt-*", "gemini-2.0-flash"), True),
        ("gemini-2.0-flash", ("gemini-2.?-flash",), True),
        ("google/gemini-2.0", ("google/*",), True),
        ("google/gemini-2.0", ("*",), True),
        ("modèl-ğ", ("mod*ğ",), True),
        ("a\nb", ("a*",), True),
        ("gemini-2.0-flash", (), False),
        ("gemini-2.0-flash", ("gpt-*",), False),
        ("gemini-2.0-flash", ("gemini",), False),
        ("Gemini-2.0-flash", ("gemini-*",), False),
        ("gpt-4o\ngemini-1", ("gemini-*",), False),
        ("*", ("gemini-*",), False),
    ],
)
def test_a_project_may_use_what_one_of_its_globs_admits(
    model: str, globs: tuple[str, ...], admitted: bool
) -> None:
    """The whole name in its exact case; without globs nothing at all."""
    assert allowed(model, globs) is admitted


def test_what_a_provider_has_is_offered_on_all_its_keys() -> None:
    """With what it said of the model, and under the default policy."""
    catalog = build(Config(providers=(A,)), {"a": [ModelInfo("m", 5, "acme")]})
    assert catalog == Catalog(
        {"m": Offer("m", ((target("a-1", "m"), target("a-2", "m")),), "default", 5, "acme")}
    )


def test_providers_that_have_the_same_model_share_its_load() -> None:
    """One tier, each target with its provider's weight; a provider that lists a name twice counts once."""
    said = {"a": [ModelInfo("m", 5, "acme"), ModelInfo("m")], "b": [ModelInfo("m", 9, "other")]}
    offer = build(Config(providers=(A, B)), said).offers["m"]
    assert offer.route == ((target("a-1", "m"), target("a-2", "m"), target("b-1", "m", 2.0)),)
    assert (offer.created, offer.owned_by) == (5, "acme")


def test_a_configured_model_goes_where_the_configuration_says() -> None:
    """Tier by tier, under other names upstream, by its own policy; who has the name anyway is not asked."""
    tiers = ((TargetRef("a", "m"), TargetRef("b", "x/m")), (TargetRef("b", "spare"),))
    config = Config(providers=(A, B), models=(ModelConfig("m", tiers, "interactive"),))
    offer = build(config, {"a": [], "b": [ModelInfo("m", 9, "other")]}).offers["m"]
    assert offer == Offer(
        "m",
        (
            (target("a-1", "m"), target("a-2", "m"), target("b-1", "x/m", 2.0)),
            (target("b-1", "spare", 2.0),),
        ),
        "interactive",
        9,
        "other",
    )


def test_a_model_has_the_price_that_is_configured_and_no_other() -> None:
    """What a provider lists comes without one, under whatever name."""
    price = Price(0.1, 0.4)
    models = (ModelConfig("m", ((TargetRef("a", "m"),),), price=price),)
    catalog = build(Config(providers=(A,), models=models), {"a": [ModelInfo("m"), ModelInfo("n")]})
    assert (catalog.offers["m"].price, catalog.offers["n"].price) == (price, None)


def test_a_configured_model_is_offered_although_nobody_lists_it() -> None:
    """Providers do not list everything they have; nothing is known of it then."""
    config = Config(providers=(A,), models=(ModelConfig("m", ((TargetRef("a", "m"),),)),))
    offer = build(config, {"a": []}).offers["m"]
    assert (offer.created, offer.owned_by, offer.policy) == (0, "", "default")


def test_a_model_nobody_has_is_not_found() -> None:
    """When every provider could be asked."""
    catalog = build(Config(providers=(A,)), {"a": [ModelInfo("m")]})
    assert catalog.find("m") == catalog.offers["m"]
    assert catalog.find("x") is None
    assert catalog.find("") is None


@pytest.mark.parametrize("said", [{"a": [ModelInfo("m")]}, {"a": [ModelInfo("m")], "b": None}])
def test_any_name_may_be_tried_at_a_provider_that_could_not_be_asked(
    said: dict[str, list[ModelInfo] | None],
) -> None:
    """It may have the model; those that were asked do not."""
    catalog = build(Config(providers=(A, B)), said)
    assert catalog.open_providers == (B,)
    assert catalog.find("x") == Offer("x", ((target("b-1", "x", 2.0),),), listed=False)
    assert catalog.find("m") == catalog.offers["m"]
    assert "x" not in catalog.offers


def test_metrics_know_only_models_that_somebody_listed() -> None:
    """Names that clients try at a provider that could not be asked share one label."""
    config = Config(providers=(A,), models=(ModelConfig("mine", ((TargetRef("a", "x"),),)),))
    listed = build(config, {"a": [ModelInfo("m")]})
    tried = build(config, {"a": None})
    offers = [listed.find("m"), listed.find("mine"), tried.find("mine"), tried.find("m")]
    assert [offer.label for offer in offers if offer] == ["m", "mine", "mine", "unlisted"]


def test_a_provider_without_keys_can_be_tried_with_nothing() -> None:
    """No empty route comes of it."""
    assert Catalog({}, (provider("c", keys=0),)).find("m") is None


def test_every_known_target_can_be_listed() -> None:
    """What is worth remembering of the pool; names that were only tried are not among them."""
    tiers = ((TargetRef("a", "m"),), (TargetRef("b", "spare"),))
    config = Config(providers=(A, B), models=(ModelConfig("m", tiers),))
    catalog = build(config, {"a": [ModelInfo("n")], "b": None})
    catalog.find("x")
    listed = {(target.key, target.model) for target in catalog.targets()}
    assert listed == {("a-1", "m"), ("a-2", "m"), ("b-1", "spare"), ("a-1", "n"), ("a-2", "n")}


def test_a_project_sees_the_models_it_may_use_by_name() -> None:
    """And no others."""
    said = [ModelInfo("gemini-b"), ModelInfo("gpt"), ModelInfo("gemini-a")]
    catalog = build(Config(providers=(A,)), {"a": said})
    assert [offer.id for offer in catalog.visible(["gemini-*"])] == ["gemini-a", "gemini-b"]
    assert [offer.id for offer in catalog.visible(["*"])] == ["gemini-a", "gemini-b", "gpt"]
    assert catalog.visible([]) == []


def test_building_again_gives_an_equal_catalog() -> None:
    """A refresh that found nothing new can be told."""
    config = Config(providers=(A, B))
    said = {"a": [ModelInfo("m")], "b": None}
    assert build(config, said) == build(config, said)
