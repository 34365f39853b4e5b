"""The limits of CONTRIBUTING.md, held by a machine: a clean-up without a gate grows back."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gateway", "providers", "policies", "state", "benchmarks")
SOURCES = sorted(
    path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")
)
MODULES = [path for path in SOURCES if path.name not in ("__init__.py", "__main__.py")]

WITHOUT_THEIR_OWN_TEST = {
    "gateway/app.py": "tests/clients and tests/gateway/test_http.py drive every route of it",
    "gateway/connection.py": "tests/gateway/test_http.py",
    "gateway/control.py": "tests/gateway/test_http.py",
    "gateway/front/settings.py": "plain values; every test of the front sets some",
    "gateway/front/site.py": "a bundle of parts; every test of the front builds one",
    "gateway/session.py": "tests/gateway/test_sessions.py carries messages through it",
    "gateway/session_line.py": "tests/gateway/test_sessions.py",
    "providers/socket.py": "tests/gateway/test_sessions.py opens every kind of websocket with it",
    "gateway/serve.py": "tests/system starts, stops and kills it",
    "gateway/workers/supervisor.py": "tests/system/test_workers.py starts, stops and kills it",
    "gateway/workers/worker.py": "tests/system/test_workers.py",
    "gateway/cli/check.py": "tests/system/test_beside.py",
    "gateway/cli/project.py": "tests/system/test_beside.py",
    "gateway/cli/serve.py": "tests/system",
    "gateway/cli/experiment.py": "tests/system/test_experiment.py",
    "state/experiment_records.py": "plain values; tests/state/test_records.py keeps a line of each",
    "state/kinds.py": "a list; tests/state/test_records.py wants each of it",
    "policies/statistics.py": "plain values; tests/policies/test_pool.py takes a snapshot",
    "policies/settings.py": "plain values; read by tests/gateway/test_config_file.py",
    "providers/errors.py": "classes without behaviour",
    "benchmarks/hedging.py": "tests/benchmarks/test_bench.py runs the command",
    "benchmarks/processes.py": "tests/benchmarks/test_bench.py",
    "benchmarks/journal/opening.py": "tests/benchmarks/journal/test_command.py runs it",
    "benchmarks/journal/requests.py": "tests/benchmarks/journal/test_command.py has it write",
    "benchmarks/overhead/rounds.py": "tests/benchmarks/overhead/test_command.py runs them",
    "benchmarks/soak/traffic.py": "tests/benchmarks/soak/test_command.py runs it",
    "benchmarks/scale/rounds.py": "tests/benchmarks/scale/test_command.py runs them",
}


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_files_are_short_and_introduce_themselves(path: Path) -> None:
    """At most 400 lines, and the first of them say what the file is."""
    text = (ROOT / path).read_text()

    assert text.count("\n") <= 400
    assert ast.get_docstring(ast.parse(text)) or not text.strip()


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_functions_are_short(path: Path) -> None:
    """At most 40 lines, the docstring not counted."""
    tree = ast.parse((ROOT / path).read_text())

    assert {name: lines for name, lines in _functions(tree) if lines > 40} == {}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_file_has_its_test(path: Path) -> None:
    """`tests/<package>/test_<file>.py`, or a reason why its tests are elsewhere."""
    own = ROOT / "tests" / path.parent / f"test_{path.name}"

    assert own.is_file() != (str(path) in WITHOUT_THEIR_OWN_TEST)


def _functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = node.body[0] if ast.get_docstring(node) else None
            skipped = (doc.end_lineno or 0) - doc.lineno + 1 if doc else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - skipped
