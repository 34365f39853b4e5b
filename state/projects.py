"""Changes to projects, as records still to be committed: pure, so that the CLI and the server share them.

Each function looks at the indexes and returns the records that make the change; it is made once they
are committed, all in one call. Two tasks of a process that may change the same project must look and
commit under one lock, or both will find the name free. Between processes the later change wins.
"""

import re
import secrets
from collections.abc import Callable, Sequence

import attrs

from state import keys
from state.errors import BadProjectName, NoSuchProject, ProjectExists
from state.indexes import Indexes, Project
from state.records import (
    ControlRecord,
    Environment,
    KeyIssued,
    KeyRevoked,
    ProjectChanged,
    ProjectCreated,
    ProjectRevoked,
)

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
Token = Callable[[int], bytes]


@attrs.frozen
class NewKeys:
    """A project's fresh keys. They can be shown now and never again."""

    project: str
    live_key: str = attrs.field(repr=False)
    test_key: str = attrs.field(repr=False)


def new_project(
    indexes: Indexes, name: str, models: Sequence[str], token: Token = secrets.token_bytes
) -> tuple[tuple[ControlRecord, ...], NewKeys]:
    """A project that may use `models`, with a live and a test key. A revoked name may be used again.

    Raises BadProjectName, ProjectExists.
    """
    if not _NAME.fullmatch(name):
        raise BadProjectName(f"{name!r} is not 1 to 64 of A-Z a-z 0-9 . _ -")
    known = indexes.projects.get(name)
    if known is not None and not known.revoked:
        raise ProjectExists(f"there is a project {name!r} already")
    issued, fresh = _issue(name, token)
    return (ProjectCreated(name, tuple(models)), *issued), fresh


def change_models(indexes: Indexes, name: str, models: Sequence[str]) -> tuple[ControlRecord, ...]:
    """The project may use these models and no others. Raises NoSuchProject."""
    return (ProjectChanged(_project(indexes, name).name, tuple(models)),)


def rotate(
    indexes: Indexes, name: str, *, overlap: bool = False, token: Token = secrets.token_bytes
) -> tuple[tuple[ControlRecord, ...], NewKeys]:
    """Fresh keys; the old ones are revoked in the same commit, or stay valid with `overlap`.

    Raises NoSuchProject.
    """
    issued, fresh = _issue(_project(indexes, name).name, token)
    return (*issued, *(() if overlap else _revocations(indexes, name))), fresh


def revoke(indexes: Indexes, name: str) -> tuple[ControlRecord, ...]:
    """The project and all its keys are no longer let in. Raises NoSuchProject."""
    return (ProjectRevoked(_project(indexes, name).name), *_revocations(indexes, name))


def _project(indexes: Indexes, name: str) -> Project:
    project = indexes.projects.get(name)
    if project is None or project.revoked:
        raise NoSuchProject(f"there is no project {name!r}")
    return project


def _issue(name: str, token: Token) -> tuple[tuple[KeyIssued, KeyIssued], NewKeys]:
    live, test = keys.new_key("live", token), keys.new_key("test", token)
    return (_issued(name, live, "live"), _issued(name, test, "test")), NewKeys(name, live, test)


def _issued(name: str, key: str, environment: Environment) -> KeyIssued:
    return KeyIssued(name, keys.digest(key), environment, keys.hint(key))


def _revocations(indexes: Indexes, name: str) -> tuple[KeyRevoked, ...]:
    valid = (key for key in indexes.keys_of(name) if not key.revoked)
    return tuple(KeyRevoked(key.digest) for key in valid)
