"""What is compared with what."""

from benchmarks.scale.levels import LEAST, SIZES, Level, levels


def test_one_thing_grows_at_a_time() -> None:
    """The least installation serves all three comparisons."""
    asked = levels(SIZES)
    assert asked[0] == LEAST == Level(projects=1, keys=10, connections=1)
    assert len(asked) == len(set(asked)) == 7
    assert Level(projects=1000, keys=10, connections=1) in asked
    assert Level(projects=1, keys=500, connections=1) in asked
    assert Level(projects=1, keys=10, connections=2000) in asked


def test_what_is_not_asked_for_is_not_started() -> None:
    """But the least one is, to be compared with."""
    assert levels({"keys": [100]}) == [LEAST, Level(keys=100)]
