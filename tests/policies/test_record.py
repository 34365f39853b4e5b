"""How a key did lately."""

import pytest

from policies.record import FORGIVEN, Record


def test_three_failures_in_a_row_are_poor_and_a_success_begins_anew():
    """Two and a success and two are not four."""
    record = Record()
    for good in [False, False, True, False, False]:
        (record.good if good else record.bad)(0.0)
        assert not record.is_poor(0.0)
    record.bad(0.0)
    assert record.is_poor(0.0)


@pytest.mark.parametrize(
    ("good", "bad", "poor"), [(8, 2, False), (7, 3, True), (6, 3, False), (7, 2, False)]
)
def test_a_share_below_four_fifths_is_poor_from_ten_answers_on(good, bad, poor):
    """Fewer than ten answers say nothing about a share."""
    record = Record()
    answers = [False] * bad + [True] * good
    answers[0], answers[-1] = answers[-1], answers[0]  # no three failures in a row at the end
    for ok in answers:
        (record.good if ok else record.bad)(0.0)
    record.failures = 0
    assert record.is_poor(0.0) is poor


def test_only_the_last_half_minute_counts():
    """The ring's slices are exact: what is older than ten slices is gone, however it is visited."""
    record = Record()
    for second in range(100):
        record.good(float(second))
        record.bad(float(second))
        if second == 98:
            assert record.recent(98.9) == (30, 60)
    assert record.recent(99.0) == (28, 56)
    assert record.recent(126.0) == (1, 2)
    assert record.recent(200.0) == (0, 0)


def test_ejections_in_a_row_are_those_without_half_a_minute_of_good_behaviour_between():
    """A key that flaps rests longer each time; one that was good for long begins anew."""
    record = Record()
    assert record.eject(0.0, again=False) == 1
    record.come_back(10.0)
    assert record.eject(10.0 + FORGIVEN - 1, again=False) == 2
    assert record.eject(60.0, again=True) == 3
    record.come_back(100.0)
    assert record.eject(100.0 + FORGIVEN, again=False) == 1


def test_coming_back_wipes_the_slate():
    """Failures before the ejection do not eject again."""
    record = Record()
    for _ in range(12):
        record.bad(1.0)
    record.come_back(2.0)
    record.bad(2.0)
    assert not record.is_poor(2.0)
    assert record.recent(2.0) == (0, 1)
