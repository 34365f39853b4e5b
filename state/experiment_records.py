"""What the journal remembers of experiments. All are control records: acknowledged once on the disk."""

from typing import ClassVar

import attrs

from state.records import ControlRecord


@attrs.frozen
class ExperimentStarted(ControlRecord):
    """From now on requests for these models (globs) are divided between their policy and a candidate.

    `candidate` is the policy as JSON, `share` how many requests it gets, `control` how many are never
    hedged. `unit` is what a side is drawn for: request, project, user or affinity. What counts is how many
    requests wait longer than `threshold_ms` for their first token; one over `slow_ms` in all is slow.
    `predicted_ms` is the p99 that was promised, with its bounds. A verdict is wrong with at most `alpha`.
    """

    t: ClassVar[str] = "experiment_started"
    experiment: str
    models: tuple[str, ...]
    candidate: str
    policy: str
    share: float
    threshold_ms: float
    slow_ms: float
    control: float = 0.0
    unit: str = "request"
    predicted_ms: tuple[float, float, float] | None = None
    alpha: float = 0.05


@attrs.frozen
class ExperimentStopped(ControlRecord):
    """All requests have their models' own policy again."""

    t: ClassVar[str] = "experiment_stopped"
    experiment: str
    why: str


@attrs.frozen
class ExperimentVerdict(ControlRecord):
    """What an experiment came to: `better`, `worse` or `guardrail`, in words in `why`.

    `requests` and `exceedances` are incumbent's and candidate's, `p99_ms` the candidate's; `off` is by what
    share it missed what was predicted.
    """

    t: ClassVar[str] = "experiment_verdict"
    experiment: str
    verdict: str
    why: str
    requests: tuple[int, int]
    exceedances: tuple[int, int]
    evidence: float
    p99_ms: float | None = None
    off: float | None = None


@attrs.frozen
class PolicyApplied(ControlRecord):
    """Requests for these models (globs) have this policy from now on; an empty one takes it back."""

    t: ClassVar[str] = "policy_applied"
    models: tuple[str, ...]
    policy: str
    experiment: str = ""
