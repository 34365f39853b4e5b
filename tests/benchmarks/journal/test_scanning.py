"""The measurement of scanning, on a small journal of the real store's."""

from benchmarks.journal.requests import write
from benchmarks.journal.scanning import Scanned, measure


def test_every_request_is_scanned_whoever_scans(tmp_path):
    """One process or two: the same requests, and both clocks ran."""
    write(tmp_path, 500, 3)
    for processes in (1, 2):
        scanned = measure(tmp_path, processes)
        assert (scanned.processes, scanned.records) == (processes, 500)
        assert scanned.seconds > 0.0
        assert scanned.cpu > 0.0


def test_the_rate_is_by_the_clock():
    """Two processes that take a second of CPU each in one second are not slower for it."""
    assert Scanned(2, 1.0, 2.0, 300).rate == 300.0
