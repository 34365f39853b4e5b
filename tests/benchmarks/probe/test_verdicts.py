"""What is concluded of rounds that are made up, so that the truth is known."""

import random

from benchmarks.probe.verdicts import LEAST, Seen, domains, judge

KEYS = ("a", "b", "c")


def times(count, seed=1):
    """Rounds in which a and b share what makes them slow, and c has its own."""
    rng, rounds = random.Random(seed), []
    for _ in range(count):
        shared, own = rng.lognormvariate(0, 0.8), rng.lognormvariate(0, 0.8)
        noise = [rng.lognormvariate(0, 0.3) for _ in KEYS]
        values = (shared * noise[0], shared * noise[1], own * noise[2])
        rounds.append({key: Seen(ttft=value) for key, value in zip(KEYS, values, strict=True)})
    return rounds


def found(rounds):
    """The verdicts by pair."""
    pairs = judge(rounds, random.Random(1))
    return {pair.left + pair.right: (pair.slow, pair.quota) for pair in pairs}


def counted(*values):
    """Rounds of calls that say what is left, one tuple a round."""
    return [
        {key: Seen(ttft=1.0, remaining=left) for key, left in zip(KEYS, row, strict=False)}
        for row in values
    ]


def test_what_slows_down_together_is_found_and_nothing_else():
    """Over twenty made-up worlds: the pair in nearly all, one that is none in hardly any."""
    worlds = [found(times(40, seed)) for seed in range(20)]
    assert sum(world["ab"][0] == "together" for world in worlds) >= 19
    for pair in ("ac", "bc"):
        assert sum(world[pair][0] == "together" for world in worlds) <= 2
        assert sum(world[pair][0] == "apart" for world in worlds) >= 18


def test_too_few_rounds_say_nothing():
    """Not together is not apart."""
    assert {slow for slow, _ in found(times(6)).values()} == {"unknown"}
    assert found(times(1))["ab"] == ("unknown", "unknown")


def test_the_first_round_and_failed_calls_have_no_times():
    """Connections are made in the one, and of the others nothing is known."""
    rounds = times(30)
    rounds[5]["a"] = Seen(error="Unreachable")
    pair = judge(rounds, random.Random(1))[0]
    assert pair.compared == 28


def test_counters_that_fall_by_each_others_calls_are_one():
    """Each key makes one call a round, and both counters fall by two; a third falls by its own."""
    rounds = counted(*((100 - 2 * n, 99 - 2 * n, 98 - n) for n in range(8)))
    verdicts = {pair: quota for pair, (_, quota) in found(rounds).items()}
    assert verdicts == {"ab": "together", "ac": "apart", "bc": "apart"}


def test_it_does_not_matter_who_comes_first():
    """The calls of a round reach the counter in any order."""
    rng, rows = random.Random(4), []
    for n in range(20):
        row = [100 - 2 * n, 99 - 2 * n]
        rng.shuffle(row)
        rows.append(row)
    assert found(counted(*rows))["ab"][1] == "together"


def test_one_busy_key_is_not_taken_for_two():
    """Somebody else makes one call a round with the first; the second falls by its own alone."""
    assert found(counted(*((100 - 2 * n, 99 - n) for n in range(6))))["ab"][1] == "apart"


def test_equal_quotas_are_not_a_shared_one():
    """Both fall by one a round, as each key's own call makes them."""
    assert found(counted(*((100 - n, 100 - n) for n in range(8))))["ab"][1] == "apart"


def test_busy_keys_are_not_taken_for_one():
    """Others use both keys as well: both fall by more than one, but not in step."""
    rng = random.Random(2)
    left, right, rows = 10_000, 10_000, []
    for _ in range(12):
        left, right = left - rng.randrange(2, 30), right - rng.randrange(2, 60)
        rows.append((left, right))
    assert found(counted(*rows))["ab"][1] == "apart"


def test_counters_that_stand_still_tell_nothing():
    """They were filled up faster than this used them."""
    assert found(counted(*[(100, 100)] * 8))["ab"][1] == "unknown"
    assert LEAST > 2
    assert found(counted((9, 8), (7, 6), (5, 4)))["ab"][1] == "unknown"


def test_refusals_in_the_same_rounds_are_a_shared_quota():
    """Half of the rounds are refused, to both or to neither; the third is refused in other ones."""
    rounds = [
        {
            "a": Seen(limited=n % 2 == 0),
            "b": Seen(limited=n % 2 == 0),
            "c": Seen(limited=n % 3 == 0),
        }
        for n in range(24)
    ]
    verdicts = {pair: quota for pair, (_, quota) in found(rounds).items()}
    assert verdicts == {"ab": "together", "ac": "unknown", "bc": "unknown"}


def test_groups_are_what_is_connected():
    """Found pairs come together across domains; who is in one domain stays unless seen to be apart."""
    pairs = judge(counted(*((100 - 2 * n, 99 - 2 * n, 98 - n) for n in range(8))), random.Random(1))
    assert domains(pairs, {"a": "x", "b": "y", "c": "z"}) == [("a", "b"), ("c",)]
    assert domains(pairs, {"a": "x", "b": "x", "c": "x"}) == [("a", "b", "c")]


def test_one_domain_is_parted_where_both_signs_say_so():
    """Times and quotas have to be apart, both of them seen."""
    rounds = times(40, 3)
    for n, row in enumerate(rounds):
        row["a"] = Seen(row["a"].ttft, remaining=500 - 2 * n)
        row["b"] = Seen(row["b"].ttft, remaining=499 - 2 * n)
        row["c"] = Seen(row["c"].ttft, remaining=900 - n)
    pairs = judge(rounds, random.Random(1))
    assert domains(pairs, dict.fromkeys(KEYS, "x")) == [("a", "b"), ("c",)]


def test_no_rounds_are_no_pairs():
    """Where nothing could be paid for."""
    assert judge([], random.Random(1)) == []
