"""The log: one line an event, and no credential in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway.log import configure, log, redact

CANARY = "CANARY0123456789abcdef"


class Terminal(io.StringIO):
    """A stream that somebody is watching."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Logging belongs to the whole process; other tests find it as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def stream() -> io.StringIO:
    """Where the log goes, and nobody is watching."""
    stream = io.StringIO()
    configure(stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines of a log, which must be one JSON object each."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key pk_live_{CANARY} sent", "key *** sent"),
        (f"pk_test_{CANARY}", "***"),
        (f"sk-{CANARY}", "***"),
        (f"sk-proj-{CANARY}", "***"),
        (f"sk-ant-api03-{CANARY}-_x", "***"),
        (f"csk-{CANARY}", "***"),
        (f"AIza{CANARY}", "***"),
        (f"gsk_{CANARY}", "***"),
        (f"xai-{CANARY}", "***"),
        (f"pplx-{CANARY}", "***"),
        (f"key=sk-{CANARY}&x=1", "key=***&x=1"),
        (f"/v1/models?api_key={CANARY}&x=1", "/v1/models?api_key=***&x=1"),
        (f"Authorization: Bearer {CANARY}", "Authorization: Bearer ***"),
        (f"authorization: BEARER {CANARY}, x", "authorization: BEARER *** x"),
        (f"['sk-{CANARY}', 'pk_live_{CANARY}']", "['***', '***']"),
        (f"https://h/v1beta/models?key=AIza{CANARY}", "https://h/v1beta/models?key=***"),
    ],
)
def test_what_looks_like_a_credential_is_blotted_out(text: str, shown: str) -> None:
    """The text around it stays."""
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nasılsın?",
        "the disk-failure of yesterday",
        "risk-assessment, task-scheduler",
        "Bearer",
        "pk_live_",
        "gemini-2.0-flash answered in 0.2 s",
        "req_01K9ABCDEFGHJKMNPQRSTVWXYZ",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """A log about disks must be able to say "disk-failure"."""
    assert redact(text) == text


def test_an_event_is_one_line_of_json_where_nobody_is_watching(stream: io.StringIO) -> None:
    """With its level, its time in UTC and who said it; line breaks do not make two of it."""
    log.warning("models_unknown", provider="a", reason="no\nanswer", seconds=5.0, left=None)
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "models_unknown",
        "level": "warning",
        "logger": "gateway",
        "provider": "a",
        "reason": "no\nanswer",
        "seconds": 5.0,
        "left": None,
    }


def test_a_person_reads_a_line_without_json() -> None:
    """The same facts on a terminal."""
    terminal = Terminal()
    configure(stream=terminal)
    log.info("started", port=8400)
    assert "started" in terminal.getvalue()
    assert "8400" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


def test_the_standard_librarys_loggers_go_the_same_way(stream: io.StringIO) -> None:
    """Those of the libraries below us, with their arguments."""
    logging.getLogger("hypercorn.error").warning("Running on %s", f"sk-{CANARY}")
    (line,) = lines(stream)
    assert (line["event"], line["logger"]) == ("Running on ***", "hypercorn.error")


def test_what_is_less_than_the_level_is_not_written(stream: io.StringIO) -> None:
    """Debugging is asked for."""
    log.debug("detail")
    assert stream.getvalue() == ""
    configure(stream=stream, level=logging.DEBUG)
    log.debug("detail")
    assert lines(stream)[0]["level"] == "debug"


class Holder:
    """Something whose repr shows what it should not."""

    def __repr__(self) -> str:
        return f"Holder(sk-{CANARY})"


@pytest.mark.parametrize(
    "value",
    [
        f"sk-{CANARY}",
        [f"sk-{CANARY}"],
        ({"authorization": f"Bearer {CANARY}"},),
        {"deep": {"deeper": [f"pk_live_{CANARY}"]}},
        {f"sk-{CANARY}": 1},
        ValueError(f"Incorrect API key provided: sk-{CANARY}"),
        Holder(),
        f"Bearer {CANARY}".encode(),
    ],
    ids=["text", "list", "headers", "deep", "name", "exception", "object", "bytes"],
)
@pytest.mark.parametrize("terminal", [False, True])
def test_no_value_of_an_event_shows_a_credential(value: Any, terminal: bool) -> None:
    """However it is wrapped; and the rest of the event is there."""
    stream = Terminal() if terminal else io.StringIO()
    configure(stream=stream)
    log.error("upstream_failed", value=value, status=401)
    assert CANARY not in stream.getvalue()
    assert "upstream_failed" in stream.getvalue()
    assert "401" in stream.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_no_traceback_shows_a_credential(terminal: bool) -> None:
    """Neither by the exception's message nor by the local variables around it."""
    stream = Terminal() if terminal else io.StringIO()
    configure(stream=stream)

    def fail() -> None:
        local = 2**70
        raise ValueError(f"Incorrect API key provided: sk-{CANARY}", local > 0)

    for logger in (log, logging.getLogger("library")):
        try:
            fail()
        except ValueError:
            logger.exception("request_failed")
    written = stream.getvalue()
    assert CANARY not in written
    assert str(2**70) not in written
    assert written.count("in fail") == 2
    assert written.count("Incorrect API key provided: ***") == 2


def test_plain_values_keep_their_types(stream: io.StringIO) -> None:
    """A number stays one, also within lists and tables."""
    log.info("numbers", a=1, b=[1.5, True, None], c={"d": 2}, e=("x",))
    (line,) = lines(stream)
    assert (line["a"], line["b"], line["c"], line["e"]) == (1, [1.5, True, None], {"d": 2}, ["x"])
