"""Moments on two clocks."""

from gateway.workers.findings import findings, message
from policies.rest import Drained, Lifted, Rested, Told

TOLD: list[Told] = [
    Lifted(("ejected", "k"), 5.0),
    Drained("k", True),
    Rested(("ejected", "k"), "ejected", 1.0, 11.0, 2),
]


def test_a_moment_is_the_same_on_both_clocks() -> None:
    """Ours began a hundred seconds after the machine's, the other process's three hundred before."""
    sent = message(TOLD, shift=100.0)
    assert sent.rested == [Rested(("ejected", "k"), "ejected", 101.0, 111.0, 2)]
    assert set(findings(sent, shift=100.0)) == set(TOLD)
    heard = list(findings(sent, shift=-300.0))
    assert heard[0] == Rested(("ejected", "k"), "ejected", 401.0, 411.0, 2)
    assert heard[1] == Lifted(("ejected", "k"), 405.0)


def test_a_rest_is_heard_of_before_its_end() -> None:
    """Whichever was found first: the end of a rest that nobody knows of would be lost."""
    kinds = [type(each) for each in findings(message(TOLD, 0.0), 0.0)]
    assert kinds == [Rested, Lifted, Drained]
