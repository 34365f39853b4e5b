"""Which call goes wrong, and how."""

import random
from collections import Counter
from typing import get_args

import pytest

from providers.simulator import Fault, FaultKind, FaultScript
from providers.simulator.faults import as_fault


def kinds(script: FaultScript, calls: int, seed: int = 1) -> list[str | None]:
    rng = random.Random(seed)
    return [fault and fault.kind for fault in (script.next(rng) for _ in range(calls))]


def test_a_sequence_is_used_up_call_by_call():
    """First the faults in order, then good answers."""
    script = FaultScript.of(["cut", Fault("stall", words=2), "ok", "rate_limited"])
    assert kinds(script, 6) == ["cut", "stall", None, "rate_limited", None, None]


def test_a_repeated_sequence_never_ends():
    """It begins anew after its last fault."""
    assert kinds(FaultScript.of(["cut", "ok"], repeat=True), 5) == ["cut", None, "cut", None, "cut"]


def test_chances_apply_when_the_sequence_is_over():
    """Each fault as often as it should, the rest good."""
    script = FaultScript.of(["cut"], chances={"error_frame": 0.2, "silence": 0.1})
    drawn = kinds(script, 10_001)
    assert drawn[0] == "cut"
    counted = Counter(drawn[1:])
    assert counted["error_frame"] == pytest.approx(2000, rel=0.1)
    assert counted["silence"] == pytest.approx(1000, rel=0.1)
    assert counted[None] == pytest.approx(7000, rel=0.1)


def test_no_script_is_no_fault():
    """An empty script leaves every call alone and the generator untouched."""
    rng = random.Random(1)
    state = rng.getstate()
    assert FaultScript().next(rng) is None
    assert rng.getstate() == state


def test_error_statuses_are_problems_and_the_rest_is_not():
    """Whatever is one plain error answer says so."""
    problems = {kind for kind in get_args(FaultKind) if Fault(kind).problem}
    assert problems == {
        "rate_limited",
        "rate_limited_retry_after",
        "rate_limited_retry_info",
        "quota_exhausted",
        "bad_request",
        "model_missing",
        "unauthorized",
        "invalid_key",
        "server_error",
        "unavailable",
        "overloaded",
    }


@pytest.mark.parametrize(
    ("kind", "retry_after", "details"),
    [
        ("rate_limited", None, False),
        ("rate_limited_retry_after", 2.5, False),
        ("rate_limited_retry_info", 2.5, True),
    ],
)
def test_advice_comes_as_the_fault_says(kind: FaultKind, retry_after: float | None, details: bool):
    """None, in the header, or in the body."""
    problem = Fault(kind, retry_after=2.5).problem
    assert problem is not None
    assert (problem.retry_after, problem.details) == (retry_after, details)


def test_a_fault_may_be_given_by_name():
    """Its name alone is the fault with usual settings."""
    assert as_fault("cut") == Fault("cut")
    assert as_fault(Fault("cut", words=1)) == Fault("cut", words=1)


def test_one_word_always_stays_unsent():
    """However many words a fault lets through, the answer is not complete."""
    assert Fault("cut", words=99).words_sent(10) == 9
    assert Fault("cut").words_sent(10) == 3
    assert Fault("cut").words_sent(1) == 0
    assert Fault("error_frame").words_sent(10) == 0
