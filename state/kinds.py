"""All kinds of records there are."""

from state.experiment_records import (
    ExperimentStarted,
    ExperimentStopped,
    ExperimentVerdict,
    PolicyApplied,
)
from state.records import (
    Dropped,
    KeyIssued,
    KeyRevoked,
    KeyStateChanged,
    PolicyInForce,
    ProjectChanged,
    ProjectCreated,
    ProjectRevoked,
    Record,
    RequestEnded,
    UsageSummed,
)

KINDS: tuple[type[Record], ...] = (
    ProjectCreated,
    ProjectChanged,
    ProjectRevoked,
    KeyIssued,
    KeyRevoked,
    RequestEnded,
    PolicyInForce,
    ExperimentStarted,
    ExperimentStopped,
    ExperimentVerdict,
    PolicyApplied,
    KeyStateChanged,
    Dropped,
    UsageSummed,
)
