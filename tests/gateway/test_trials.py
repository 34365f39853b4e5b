"""Which policy a request has where experiments run."""

import attrs

from gateway.trials import Trials, Who, decoded, encoded, terms_of
from policies.learned import Learned, Rule
from policies.settings import Explore, Hedge, Policy
from state.experiment_records import ExperimentStarted, ExperimentStopped, PolicyApplied
from state.experiments import Experiments

OWN = Policy("own")
OTHER = Policy("other", hedge=Hedge(policy="fixed", delay=1.0, budget=0.1))
WHO = Who("req_1", "shop", "alice", "prefix")


def begun(**members: object) -> ExperimentStarted:
    """An experiment on gpt-*."""
    plain = ExperimentStarted("e", ("gpt-*",), encoded(OTHER), "other", 0.5, 900.0, 5_000.0, ts=1)
    return attrs.evolve(plain, **members)  # type: ignore[arg-type]


def trials(*records: ExperimentStarted | ExperimentStopped | PolicyApplied) -> Trials:
    """Those of a process that has read these records."""
    told = Experiments()
    for record in records:
        told.apply(record, (record.ts, "cli", 0))
    return Trials(told, b"secret")


def placed(made: Trials, count: int = 200, **who: str) -> set[tuple[str, str]]:
    """Policies and sides of so many requests."""
    assert not made.idle
    places = [
        made.place("gpt-4", OWN, attrs.evolve(WHO, request=f"req_{n}", **who)) for n in range(count)
    ]
    return {(place.policy.name, place.side) for place in places}


def test_where_nothing_runs_nothing_is_asked() -> None:
    """And as soon as something does, it is."""
    made = trials()
    assert made.idle

    made.told.apply(begun(), (1, "cli", 0))
    assert not made.idle

    made.told.apply(ExperimentStopped("e", "by hand", ts=2), (2, "cli", 1))
    assert made.idle


def test_requests_are_divided_among_the_sides() -> None:
    """The candidate's policy by the experiment's name; a control that never hedges; other models as ever."""
    made = trials(begun(share=0.4, control=0.2))

    assert placed(made) == {
        ("own", "incumbent"),
        ("e:other", "candidate"),
        ("own:control", "control"),
    }
    assert made.place("claude", OWN, WHO).side == ""
    control = next(
        place
        for n in range(200)
        if (place := made.place("gpt-4", OWN, attrs.evolve(WHO, request=str(n)))).side == "control"
    )
    assert control.policy.hedge.policy == "off"


def test_a_side_can_be_a_projects_a_users_or_a_conversations() -> None:
    """All its requests are on one side then, and the journal has a hash of it."""
    for by in ("project", "user", "affinity"):
        made = trials(begun(unit=by))
        assert len(placed(made)) == 1
        assert len(made.place("gpt-4", OWN, WHO).unit) == 16
    nameless = trials(begun(unit="user"))
    assert not nameless.idle
    sides = {
        nameless.place("gpt-4", OWN, Who(f"req_{n}", "shop", None, None)).side for n in range(100)
    }
    assert sides == {"incumbent", "candidate"}, "who has no user is drawn for by himself"


def test_an_applied_policy_is_everybodys_and_what_an_experiment_starts_from() -> None:
    """Taken back, the configured one is."""
    applied = PolicyApplied(("gpt-*",), encoded(OTHER), "e", ts=1)

    assert placed(trials(applied)) == {("applied:e", "")}
    assert ("applied:e", "incumbent") in placed(trials(applied, begun(ts=2)))
    assert trials(applied, PolicyApplied(("gpt-*",), "", "e", ts=3)).idle


def test_a_policy_comes_back_from_the_journal_as_it_was() -> None:
    """With all that a tuner has learnt."""
    learned = Learned((Rule(0.82, 0.64, "m", "4k", False), Rule(None)), "sha256:1")
    policy = Policy(
        "p", hedge=Hedge(policy="learned", learned=learned, explore=Explore(0.05, 0.01, 0.1))
    )

    assert decoded(encoded(policy), "p") == policy


def test_the_terms_are_those_of_its_beginning() -> None:
    """Shares, thresholds, and the candidate's budget."""
    terms = terms_of(begun(share=0.4, control=0.2))

    assert (terms.shares.candidate, terms.shares.control) == (0.4, 0.2)
    assert (terms.threshold, terms.slow, terms.budget) == (900.0, 5_000.0, 0.1)
