"""Records of virtual time in a journal."""

from pathlib import Path

from state import look
from state.search import latest_requests
from tests.benchmarks.virtual import journal, raced


def test_a_journal_of_virtual_time_is_a_journal(tmp_path: Path) -> None:
    """The state opens it, finds the requests and their policy, and every line is as it was written."""
    state = journal(tmp_path / "state", "spiky", 50)

    follower = look(state, summaries=False)

    assert follower.positions() == {"serve": 51}
    assert latest_requests(state, 1)[0].request in {r.request for r in raced("spiky", 50)[1]}
