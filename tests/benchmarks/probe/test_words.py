"""What a person is told."""

from benchmarks.probe.spending import Stated
from benchmarks.probe.verdicts import Pair, Seen
from benchmarks.probe.words import findings, keys_table, proposal, worst_case
from policies.target import Target


def target(key, domain):
    """A pooled key; its provider is what its name begins with."""
    return Target(key, key.partition("-")[0], domain, "m")


def test_the_worst_case_names_what_nobody_knows():
    """Calls, dollars, and the keys without a price."""
    first, _ = worst_case(Stated(10, 30, 1_500_000, ("c-1",)), 3)
    assert first.startswith("30 calls (10 rounds, 3 keys), at most $0.001500 by the configured")
    assert first.endswith("what c-1 may cost: no price is configured for it")


def test_each_key_has_a_line():
    """Its times without the first round, its refusals, its other errors."""
    rounds = [
        {"a-1": Seen(ttft=9.0), "b-1": Seen(limited=True, error="RateLimited")},
        {"a-1": Seen(ttft=0.5), "b-1": Seen(error="Unreachable")},
    ]
    _, a, b = keys_table(rounds)
    assert a.split() == ["a-1", "500", "500", "0", "0"]
    assert b.split() == ["b-1", "-", "-", "1", "1"]


def test_reasons_are_given():
    """For each pair what was seen; and what could not be told of the others."""
    shared = Pair("a", "b", 20, 0.1, 0.9, "unknown", 9, 10, 0, 1.0, "together")
    slow = Pair("a", "c", 20, 0.9, 0.001, "together", 0, 0, 0, 1.0, "unknown")
    refused = Pair("b", "c", 20, 0.0, 1.0, "apart", 0, 0, 7, 0.01, "together")
    said = list(findings([shared, slow, refused], 3, 20))
    assert "9 of 10 times their counters fell by more than their own calls" in said[0]
    assert "rank correlation 0.90 over 20 rounds, p 0.0010" in said[1]
    assert "limited (429) in the same 7 rounds, p 0.0100" in said[2]
    assert said[3].startswith("20 rounds are too few")
    assert said[4].startswith("Of some pairs nothing says")


def test_nothing_in_common_is_said_too():
    """With enough rounds, and nothing else to add."""
    apart = Pair("a", "b", 40, 0.0, 1.0, "apart", 0, 9, 0, 1.0, "apart")
    assert list(findings([apart], 2, 41)) == ["No two keys are seen to have anything in common."]


def test_a_domain_of_two_providers_is_written_into_both_tables():
    """As lines that can be pasted."""
    targets = [target("a-1", "a"), target("b-1", "b")]
    assert list(proposal([("a-1", "b-1")], targets)) == [
        '[providers."a"]',
        'domain = "a"    # a-1',
        '[providers."b"]',
        'domain = "a"    # b-1',
    ]


def test_keys_of_one_provider_that_stand_apart_need_tables_of_their_own():
    """Each with a domain that nobody else has."""
    targets = [target("a-1", "a"), target("a-2", "a")]
    assert list(proposal([("a-1",), ("a-2",)], targets)) == [
        '[providers."a"]',
        'domain = "a"    # a-1',
        '[providers."a-a-2"]',
        'domain = "a-2"    # a-2',
        "# (a's keys belong into 2 tables: a domain is a table's)",
    ]


def test_what_fits_is_left_alone():
    """The configuration says already what was seen."""
    targets = [target("a-1", "x"), target("a-2", "x"), target("b-1", "y")]
    assert list(proposal([("a-1", "a-2"), ("b-1",)], targets)) == [
        "# The configured domains fit what was seen."
    ]
