"""Which side of an experiment a request is on."""

from collections import Counter

from policies.arms import coin
from policies.sides import CANDIDATE, CONTROL, INCUMBENT, Shares, hashed, side

SECRET = b"a secret of this installation"
SHARES = Shares(0.3, 0.1)


def test_sides_have_their_shares() -> None:
    """Of 20,000 requests 30 % are the candidate's and 10 % never hedged; of the two compared 1 in 3."""
    drawn = Counter(side(SECRET, "e", f"req_{n}", SHARES) for n in range(20_000))

    assert abs(drawn[CANDIDATE] / 20_000 - 0.3) < 0.01
    assert abs(drawn[CONTROL] / 20_000 - 0.1) < 0.01
    assert abs(drawn[INCUMBENT] / 20_000 - 0.6) < 0.01
    assert abs(SHARES.fair - 1 / 3) < 1e-12


def test_a_side_is_the_same_for_ever_and_another_in_another_experiment() -> None:
    """It follows from the secret, the experiment's name and the unit, and from nothing else."""
    names = [f"req_{n}" for n in range(500)]
    first = [side(SECRET, "e", name, SHARES) for name in names]

    assert first == [side(SECRET, "e", name, SHARES) for name in names]
    assert first != [side(SECRET, "f", name, SHARES) for name in names]
    assert first != [side(b"another", "e", name, SHARES) for name in names]
    assert side(SECRET, "ab", "c", SHARES) == side(SECRET, "ab", "c", SHARES)


def test_a_side_tells_nothing_of_the_coin() -> None:
    """Candidates have the same mean coin as all: a policy that hedges some of them is not favoured."""
    coins = [coin(SECRET, f"req_{n}") for n in range(20_000)]
    theirs = [c for n, c in enumerate(coins) if side(SECRET, "e", f"req_{n}", SHARES) == CANDIDATE]

    assert abs(sum(theirs) / len(theirs) - 0.5) < 0.01


def test_a_unit_is_told_by_a_hash_that_needs_the_secret() -> None:
    """Sixteen digits, the same for the same unit."""
    assert hashed(SECRET, "alice") == hashed(SECRET, "alice") != hashed(b"another", "alice")
    assert len(hashed(SECRET, "alice")) == 16
