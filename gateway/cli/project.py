"""`hedgerow project …`: works on the journal itself, so it needs no running gateway and disturbs none.

A running gateway reads these records within a second. `list` only reads: it waits for nobody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from gateway.cli.serve import ConfigFile, load
from state import look, projects
from state.indexes import Indexes
from state.projects import NewKeys
from state.store import Store

Json = Annotated[bool, Parameter(help="Print JSON.", negative=())]
State = Annotated[str | None, Parameter(help="Where the journal lives, as file:FOLDER.")]


def create(
    name: str,
    /,
    *,
    models: Annotated[
        list[str] | None, Parameter(help="A model or glob it may use; repeatable; default all.")
    ] = None,
    json: Json = False,
    config: ConfigFile = None,
    state: State = None,
) -> None:
    """Create a project and print its keys, once."""
    with stored(config, state) as store:
        records, keys = projects.new_project(store.indexes, name, models or ["*"])
        store.commit_now(*records)
    _show(keys, json=json)


def rotate(
    name: str, /, *, json: Json = False, config: ConfigFile = None, state: State = None
) -> None:
    """Replace a project's keys; the old ones stop working."""
    with stored(config, state) as store:
        records, keys = projects.rotate(store.indexes, name)
        store.commit_now(*records)
    _show(keys, json=json)


def revoke(
    name: str, /, *, json: Json = False, config: ConfigFile = None, state: State = None
) -> None:
    """Revoke a project: its keys stop working at once."""
    with stored(config, state) as store:
        store.commit_now(*projects.revoke(store.indexes, name))
    print(_json({"project": name, "revoked": True}) if json else f"Project {name} is revoked.")


def list_projects(*, json: Json = False, config: ConfigFile = None, state: State = None) -> None:
    """List the projects, their models, keys and use."""
    indexes = look(load(config, state=state).state.folder).indexes
    rows = [_row(indexes, name) for name in sorted(indexes.projects)]
    if json:
        print(_json(rows))
        return
    table = Table("project", "models", "keys", "requests", "tokens", "spent")
    for row in rows:
        name = f"{row['project']} (revoked)" if row["revoked"] else row["project"]
        tokens = row["prompt_tokens"] + row["completion_tokens"]
        table.add_row(
            name,
            " ".join(row["models"]),
            " ".join(row["keys"]),
            str(row["requests"]),
            str(tokens),
            spent(row["usd"], row["usd_at_most"]),
        )
    Console().print(table)


def spent(usd: float, at_most: float) -> str:
    """Dollars as people read them; `at least` where cancelled calls may have cost more than is known."""
    shown = f"${usd:.2f}" if usd == 0 or usd >= 0.1 else f"${usd:.6f}"
    return f"at least {shown}" if at_most > usd else shown


def _row(indexes: Indexes, name: str) -> dict[str, Any]:
    project = indexes.projects[name]
    total = indexes.total(name)
    return {
        "project": name,
        "models": list(project.models),
        "revoked": project.revoked,
        "keys": [key.hint for key in indexes.keys_of(name) if not key.revoked],
        "requests": total.requests,
        "prompt_tokens": total.prompt_tokens,
        "completion_tokens": total.completion_tokens,
        "usd": total.usd,
        "usd_at_most": total.usd_at_most,
    }


@contextmanager
def stored(config: ConfigFile, state: str | None) -> Iterator[Store]:
    """The state, open to be changed by a command, beside a running gateway or without one."""
    store = Store.open(load(config, state=state).state.folder, writer="cli")
    try:
        yield store
    finally:
        store.close()


def _show(keys: NewKeys, *, json: bool) -> None:
    if json:
        fields = {"project": keys.project, "live_key": keys.live_key, "test_key": keys.test_key}
        print(_json(fields))
        return
    print(f"Project   {keys.project}")
    print(f"Live key  {keys.live_key}   (real calls)")
    print(f"Test key  {keys.test_key}   (mock answers)")
    print("The keys are shown once and stored hashed.")


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
