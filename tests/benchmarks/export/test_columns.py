"""Tables have a column for everything that the journal knows of a request and its attempts."""

import attrs

from benchmarks.export.columns import columns, rows
from state.records import AttemptEnded, RequestEnded
from tests.benchmarks.export.conftest import NOW, made, refused


def named(record, what):
    """The rows of a record as dicts."""
    names = [column.name for column in columns(what)]
    return [dict(zip(names, row, strict=True)) for row in rows([record], what)]


def test_every_attempt_has_a_row_with_its_request_in_it():
    """Both calls of a race tell which race they were in, and what only each of them knew."""
    slow, fast = named(made(), "attempts")
    assert slow["request"] == fast["request"] == "req_01"
    assert (slow["attempt"], fast["attempt"]) == (1, 2)
    assert (slow["winner"], slow["attempt_key"]) == ("openrouter", "gemini-a")
    assert (slow["attempt_first_ms"], fast["attempt_first_ms"]) == (None, 1200.0)
    assert (slow["attempt_requests_left"], fast["attempt_requests_left"]) == (None, 98)
    assert (fast["attempt_tokens_left"], fast["attempt_reset_s"]) == (None, 1.5)


def test_lists_are_told_as_json():
    """A cell holds one text, which programs can take apart again."""
    slow, _ = named(made(), "attempts")
    assert slow["tags"] == '["team a","nightly"]'
    assert slow["skips"] == '[{"at_ms":950.0,"level":null,"why":"coin"}]'
    assert slow["attempt_candidates"].startswith('[{"key":"gemini-a","score":0.5}')


def test_a_request_without_attempts_is_a_row_of_requests_alone():
    """Who asks for attempts does not get rows of nothing."""
    assert named(refused(), "attempts") == []
    (row,) = named(refused(), "requests")
    assert (row["status"], row["error"], row["ts"]) == (429, "rate_limit", NOW)
    assert len(named(made(), "requests")) == 1


def test_no_member_is_left_out():
    """A member that a record gets some day is in the tables of that day."""
    there = {column.name for column in columns("attempts")}
    members = {each.name for each in attrs.fields(RequestEnded)} - {"attempts"}
    own = {f"attempt_{each.name}" for each in attrs.fields(AttemptEnded)} - {"attempt_limits"}
    quota = {"attempt_requests_left", "attempt_tokens_left", "attempt_reset_s"}
    assert there == members | own | quota | {"attempt"}


def test_columns_know_what_they_hold():
    """A reader that wants types gets them, optional members included."""
    kinds = {column.name: column.kind for column in columns("attempts")}
    assert kinds["ts"] == "time"
    assert (kinds["ttft_ms"], kinds["attempt_status"]) == ("float", "int")
    assert (kinds["streamed"], kinds["hedged"], kinds["error"]) == ("bool", "text", "text")
