"""What docs/journal.md says of the journal is so: its queries run, and its tables name every member."""

import re
import shutil
import subprocess
from pathlib import Path

import attrs
import duckdb
import pytest

from state import Options, Store
from state.kinds import KINDS
from state.records import (
    AttemptEnded,
    KeyStateChanged,
    PolicyInForce,
    RequestEnded,
    UsageSummed,
)

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "journal.md").read_text()
DAY = 86_400_000


def blocks(language: str) -> list[str]:
    """The page's code in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def members(heading: str) -> set[str]:
    """The names in the first column of the first table under a heading."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)^## ", PAGE, re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def requests(number: int) -> RequestEnded:
    """One of many requests: every third was hedged, every seventh fell over to another key."""
    primary = AttemptEnded("a", "d1", "up", "primary", "won", 0.5, 100.0 + number, 300.0, 200)
    lost = attrs.evolve(primary, outcome="lost", first_ms=None)
    broken = attrs.evolve(lost, outcome="failed", error="RateLimited", status=429)
    hedge = AttemptEnded("b", "d2", "up", "hedge", "won", 90.0, 120.0, 300.0, 200)
    attempts: tuple[AttemptEnded, ...] = (primary,)
    if number % 3 == 0:
        attempts = (lost, hedge)
    elif number % 7 == 0:
        attempts = (broken, attrs.evolve(hedge, role="failover"))
    return RequestEnded(
        *(f"req_{number}", "shop", "live", "chat", f"m{number % 2}", 200, True, "default"),
        *("won" if number % 3 == 0 else "no", attempts[-1].key, 100.0 + number, 300.0, 3, 4),
        attempts=attempts,
        hedge_skip="budget" if number % 5 == 0 else None,
        policy_id="p1",
        nano_usd=1_000,
        ts=1_795_380_000_000 + number * DAY,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `state` is: a journal in several segments, of two processes."""
    place = tmp_path_factory.mktemp("journal")
    for writer in ("serve", "serve-2"):
        with Store.open(place / "state", writer, Options(segment_size=20_000)) as store:
            store.post(PolicyInForce("p1", "default", "fast", '{"hedge":{"policy":"quantile"}}'))
            for number in range(40):
                store.post(requests(number))
            store.post(KeyStateChanged("a", "cooling", "429"))
    return place


@pytest.mark.parametrize("query", blocks("sql"))
def test_every_query_of_duckdb_runs(query: str, folder: Path) -> None:
    """And finds something."""
    with duckdb.connect() as database:
        found = database.execute(query.replace("'state/", f"'{folder}/state/")).fetchall()

    assert found
    assert any(cell is not None for cell in found[0])


def test_duckdb_counts_every_attempt(folder: Path) -> None:
    """The page's way to unnest loses none and doubles none."""
    (query,) = [each for each in blocks("sql") if "What became" in each or "'role' AS role" in each]
    with duckdb.connect() as database:
        rows = database.execute(query.replace("'state/", f"'{folder}/state/")).fetchall()

    assert sum(row[3] for row in rows) == 2 * sum(len(requests(n).attempts) for n in range(40))
    assert {row[2] for row in rows} == {"won", "lost", "failed"}


@pytest.mark.parametrize("code", blocks("python"))
def test_every_query_of_polars_runs(code: str, folder: Path) -> None:
    """The last expression of the block is a table with rows in it."""
    start, _, expression = code.replace('"state/', f'"{folder}/state/').rpartition("\n(\n")
    names: dict[str, object] = {}
    exec(start, names)
    table = eval(f"(\n{expression}", names)

    assert table.height > 0
    assert table.null_count().sum_horizontal()[0] < table.height * table.width
    assert table["len"].sum() >= 2 * 40


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize("command", [each for each in blocks("sh") if each.startswith("jq")])
def test_every_line_of_jq_runs(command: str, folder: Path) -> None:
    """And prints something."""
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=True)

    assert done.stdout.strip()
    assert not done.stderr


def test_the_page_has_queries() -> None:
    """Whoever changes how blocks are marked does not switch these tests off."""
    assert (len(blocks("sql")), len(blocks("python"))) == (6, 2)
    assert sum(each.startswith("jq") for each in blocks("sh")) == 3


def test_every_member_is_explained() -> None:
    """A member that is new in the journal is new on the page."""
    assert members("`request_ended`") == _names(RequestEnded) - {"ts"}
    assert members("Its attempts") == _names(AttemptEnded)


def test_every_kind_is_named() -> None:
    """But for the one that stands in summaries alone."""
    assert all(f"`{kind.t}`" in PAGE for kind in KINDS if kind is not UsageSummed)


def test_defaults_are_what_the_page_says() -> None:
    """Of attempts, whose members are left out where they have them."""
    always = {each.name for each in attrs.fields(AttemptEnded) if each.default is attrs.NOTHING}

    assert len(always) == 8
    for name in always:
        assert re.search(rf"`{name}`[^|]*\| +\|", PAGE)


def _names(record: type) -> set[str]:
    return {each.name for each in attrs.fields(record)}
