"""Records written as a gateway writes them, for whoever wants a log of what was run in virtual time."""

from collections.abc import Sequence
from pathlib import Path

from gateway.catalog import Offer
from gateway.policy_log import in_force
from policies.settings import Policy
from policies.target import Route
from state import Store
from state.records import PolicyInForce, RequestEnded


def policy_record(name: str, policy: Policy, route: Route) -> PolicyInForce:
    """The record that says what decides on this route."""
    return in_force(policy, Offer(name, route))


def write(folder: Path, policy: PolicyInForce, records: Sequence[RequestEnded]) -> None:
    """Appends to the journal of a state, which is made if there is none."""
    with Store.open(folder, "serve") as store:
        store.post(policy)
        for record in sorted(records, key=lambda each: each.ts):
            store.post(record)
