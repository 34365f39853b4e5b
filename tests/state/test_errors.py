"""What damage says of itself."""

import pytest

from state import StateDamaged, StateError
from state.errors import Place


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ((4, 4), "(record 4 in doubt;"),
        ((4, 9), "(records 4 to 9 in doubt;"),
        ((4, None), "(records 4 to the end in doubt;"),
    ],
)
def test_damage_names_its_place_and_the_records_in_doubt(records, words):
    """And that nothing was touched."""
    damage = StateDamaged(Place("a.jsonl", 5, 812), "unreadable", records)
    assert isinstance(damage, StateError)
    assert str(damage).startswith("a.jsonl, line 5, byte 812: unreadable (record")
    assert words in str(damage)
    assert "nothing was changed" in str(damage)
