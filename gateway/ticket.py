"""One request as the gateway understands it: who, what, under which policy, and since when."""

from collections.abc import Mapping

import attrs

from gateway.apis.api import Api
from gateway.apis.chat import CHAT
from gateway.auth import Principal
from gateway.knobs import Knobs
from gateway.trail import Trail
from gateway.trials import Placed
from gateway.whole import Heading
from policies.features import UNKNOWN, Features
from policies.settings import Policy
from providers.types import Call, ChatCall, CountCall, EmbedCall, PlainCall, SessionCall
from state.records import Operation

_OPERATIONS: Mapping[type, Operation] = {
    ChatCall: "chat",
    EmbedCall: "embeddings",
    CountCall: "count_tokens",
    SessionCall: "realtime",
}


@attrs.frozen(slots=False)  # made for every request: with slots it takes thrice as long
class Ticket:
    """Everything about a request that is settled before it is answered.

    `place` is its side of an experiment, if it is in one. `created` is the wall clock's Unix time in seconds.
    `trail` is the one part that still changes.
    """

    principal: Principal
    call: Call
    policy: Policy
    knobs: Knobs
    trail: Trail
    created: int
    features: Features = UNKNOWN
    api: Api = CHAT
    place: Placed | None = None

    @property
    def purse(self) -> str:
        """What is behind a route's name where it has budgets of its own: each side of an experiment has."""
        return f"#{self.place.side}" if self.place is not None and self.place.side else ""

    @property
    def operation(self) -> Operation:
        """What is done, whichever API asks for it: the word in records and metrics."""
        if isinstance(self.call, PlainCall):
            return self.call.operation
        return _OPERATIONS[type(self.call)]

    @property
    def heading(self) -> Heading:
        """What all pieces of the answer share."""
        legacy = isinstance(self.call, ChatCall) and self.call.legacy
        name = self.api.prefix + self.trail.id[4:]
        return Heading(name, self.created, self.call.model, legacy)

    @property
    def deadline(self) -> float:
        """When the request must be over, on Trio's clock."""
        total = self.policy.timeouts.total
        return self.trail.arrived + min(total, self.knobs.timeout or total)
