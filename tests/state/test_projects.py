"""Changes to projects, as records folded into indexes."""

import itertools

import pytest

from state import BadProjectName, NoSuchProject, ProjectExists, keys, projects
from state.indexes import Indexes, Project
from state.records import KeyRevoked


@pytest.fixture
def indexes():
    return Indexes()


@pytest.fixture
def commit(indexes):
    """Folds records as the store would, a millisecond apart."""
    times = itertools.count(1)
    numbers = itertools.count(1)

    def apply(records):
        ts = next(times)
        for record in records:
            stamped = type(record)(
                **{a.name: getattr(record, a.name) for a in record.__attrs_attrs__} | {"ts": ts}
            )
            indexes.apply(stamped, writer="cli", seq=next(numbers))

    return apply


def test_a_new_project_has_a_live_and_a_test_key(indexes, commit):
    """The keys are found by their digests and know their project."""
    records, fresh = projects.new_project(indexes, "demo", ["gemini-*"])
    assert indexes.projects == {}
    commit(records)
    assert indexes.projects["demo"] == Project("demo", ("gemini-*",), 1, revoked=False)
    for text, environment in [(fresh.live_key, "live"), (fresh.test_key, "test")]:
        key = indexes.key(keys.digest(text))
        assert (key.project, key.environment, key.revoked) == ("demo", environment, False)
        assert key.hint == keys.hint(text)


def test_the_keys_are_in_no_record_and_in_no_repr(indexes):
    """They exist in the answer to whoever made them, and nowhere else."""
    records, fresh = projects.new_project(indexes, "demo", [])
    for secret in (fresh.live_key, fresh.test_key):
        assert secret not in repr(records)
        assert secret not in repr(fresh)


def test_a_name_is_taken_until_its_project_is_revoked(indexes, commit):
    """And the old keys stay dead when the name comes back."""
    records, old = projects.new_project(indexes, "demo", ["a"])
    commit(records)
    with pytest.raises(ProjectExists):
        projects.new_project(indexes, "demo", ["b"])
    commit(projects.revoke(indexes, "demo"))
    records, new = projects.new_project(indexes, "demo", ["b"])
    commit(records)
    assert indexes.projects["demo"].models == ("b",)
    assert indexes.key(keys.digest(old.live_key)).revoked
    assert not indexes.key(keys.digest(new.live_key)).revoked


@pytest.mark.parametrize("name", ["", "a b", "ş", "x" * 65, "a/b", "a\n", "\ud800"])
def test_a_name_that_could_confuse_is_refused(indexes, name):
    """Names appear in URLs, files and tables."""
    with pytest.raises(BadProjectName):
        projects.new_project(indexes, name, [])


def test_rotation_replaces_the_keys_at_once_or_with_an_overlap(indexes, commit):
    """Without an overlap the old keys end in the same commit in which the new ones begin."""
    records, first = projects.new_project(indexes, "demo", ["*"])
    commit(records)
    records, second = projects.rotate(indexes, "demo", overlap=True)
    commit(records)
    assert not indexes.key(keys.digest(first.live_key)).revoked
    records, third = projects.rotate(indexes, "demo")
    commit(records)
    revoked = [key.revoked for key in indexes.keys_of("demo")]
    assert revoked == [True] * 4 + [False] * 2
    assert not indexes.key(keys.digest(third.test_key)).revoked
    assert indexes.key(keys.digest(second.test_key)).revoked


def test_revoking_a_project_ends_all_its_keys(indexes, commit):
    """Each by a record of its own, so that a key has a history without its project."""
    records, fresh = projects.new_project(indexes, "demo", ["*"])
    commit(records)
    gone = projects.revoke(indexes, "demo")
    assert sum(isinstance(record, KeyRevoked) for record in gone) == 2
    commit(gone)
    assert indexes.projects["demo"].revoked
    assert indexes.key(keys.digest(fresh.live_key)).revoked


def test_models_can_be_changed(indexes, commit):
    """The change replaces the list."""
    commit(projects.new_project(indexes, "demo", ["a"])[0])
    commit(projects.change_models(indexes, "demo", ["b", "c"]))
    assert indexes.projects["demo"].models == ("b", "c")


@pytest.mark.parametrize(
    "change",
    [
        projects.rotate,
        projects.revoke,
        lambda indexes, name: projects.change_models(indexes, name, []),
    ],
)
def test_what_is_unknown_or_revoked_cannot_be_changed(indexes, commit, change):
    """A revoked project does not come back by a rotation."""
    with pytest.raises(NoSuchProject):
        change(indexes, "demo")
    commit(projects.new_project(indexes, "demo", [])[0])
    commit(projects.revoke(indexes, "demo"))
    with pytest.raises(NoSuchProject):
        change(indexes, "demo")
