"""Which policy decided is told once, and requests refer to it."""

import attrs

from gateway.catalog import Offer
from gateway.policy_log import MOST, PolicyLog, in_force
from policies.settings import Hedge, Policy
from state.codec import encode
from state.records import PolicyInForce, Record
from tests.gateway.scripted import targets

OFFER = Offer("m", (targets(["a", "b"]),))


def told() -> tuple[PolicyLog, list[Record]]:
    """A log, and what it told."""
    records: list[Record] = []
    return PolicyLog(records.append), records


def test_a_policy_is_told_when_it_is_first_used_on_a_route() -> None:
    """With all its settings, and with the targets that it chose among."""
    log, records = told()
    policy = Policy("calm", hedge=Hedge(policy="fixed", delay=1.5))
    first, again = log.id_of(policy, OFFER), log.id_of(policy, OFFER)

    (record,) = records
    assert isinstance(record, PolicyInForce)
    assert first == again == record.policy_id
    assert (record.policy, record.route) == ("calm", "m")
    assert '"delay":1.5' in record.config
    assert [(target.key, target.tier) for target in record.targets] == [("a", 0), ("b", 0)]


def test_what_has_changed_is_told_again() -> None:
    """Another setting, or another target: another id."""
    log, records = told()
    policy = Policy("calm")
    log.id_of(policy, OFFER)
    log.id_of(attrs.evolve(policy, max_queue_wait=1.0), OFFER)
    log.id_of(policy, attrs.evolve(OFFER, route=(targets(["a"]),)))
    assert len({record.policy_id for record in records if isinstance(record, PolicyInForce)}) == 3


def test_a_refresh_that_changes_nothing_is_not_told() -> None:
    """The catalog is built anew every few minutes."""
    log, records = told()
    policy = Policy("calm")
    for _ in range(3):
        log.id_of(policy, attrs.evolve(OFFER, route=(targets(["a", "b"]),)))
    assert len(records) == 1


def test_names_that_clients_make_up_are_one_route() -> None:
    """Nobody can fill the journal, or the memory, with them."""
    log, records = told()
    for n in range(MOST + 10):
        log.id_of(Policy(), Offer(f"made-up-{n}", (targets(["a"]),), listed=False))
    assert len(records) == 1


def test_a_policy_can_be_written_down() -> None:
    """The record fits a line of the journal."""
    encode(in_force(Policy(), OFFER), 1, 1)
