"""Tells the journal which policy decided on which route, once for each, so that races can be run again."""

import hashlib
from collections.abc import Callable

import attrs
import msgspec

from gateway.catalog import Offer
from policies.settings import Policy
from policies.target import Route
from state.records import PolicyInForce, Record, RouteTarget

MOST = 1024
"""Policies and routes that are remembered as told; names that clients make up share one."""


@attrs.define(eq=False)
class PolicyLog:
    """Remembers what was told. `tell` takes a record that may be lost."""

    tell: Callable[[Record], None]
    _told: dict[tuple[str, str], tuple[Policy, Route, str]] = attrs.field(factory=dict)

    def id_of(self, policy: Policy, offer: Offer) -> str:
        """The id of this policy on this offer's route; told to the journal when it is new."""
        at = policy.name, offer.label
        known = self._told.get(at)
        if (
            known is not None
            and known[0] is policy
            and (known[1] is offer.route or not offer.listed)
        ):
            return known[2]
        record = in_force(policy, offer)
        if known is None or known[2] != record.policy_id:
            self.tell(record)
        if len(self._told) >= MOST:
            self._told.clear()
        self._told[at] = (policy, offer.route, record.policy_id)
        return record.policy_id


def in_force(policy: Policy, offer: Offer) -> PolicyInForce:
    """The record that says what decides on this offer's route."""
    targets = tuple(
        RouteTarget(t.key, t.provider, t.domain, t.model, tier, t.weight)
        for tier, targets in enumerate(offer.route)
        for t in targets
    )
    config = msgspec.json.encode(policy).decode()
    digest = hashlib.sha256(msgspec.json.encode([policy.name, offer.label, config, targets]))
    return PolicyInForce(digest.hexdigest()[:16], policy.name, offer.label, config, targets)
