"""One line a request, as documented."""

import json
import re

from benchmarks.load import records
from benchmarks.load.records import jsonl
from tests.benchmarks.load.made import failed, outcome, run_of


def test_each_request_has_a_line_with_all_that_is_documented() -> None:
    """Those of the warm-up as well, marked so."""
    run = run_of([outcome(0, counted=False), failed(1, message="no")])

    first, second = (json.loads(line) for line in jsonl(run))

    assert first["counted"] is False
    assert first["ttft"] == 0.1
    assert first["itl"] == [0.01] * 4
    assert first["tpot"] == 0.01
    assert (second["error"], second["message"], second["ttft"]) == ("status 500", "no", None)
    documented = set(re.findall(r"`(\w+)`", records.__doc__ or ""))
    assert set(first) <= documented
