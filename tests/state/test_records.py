"""What was written once can be read for ever: these lines are of released versions, not to be edited."""

import pytest

from state import codec
from state.experiment_records import (
    ExperimentStarted,
    ExperimentStopped,
    ExperimentVerdict,
    PolicyApplied,
)
from state.kinds import KINDS
from state.records import (
    AttemptEnded,
    Dropped,
    KeyIssued,
    KeyRevoked,
    KeySpending,
    KeyStateChanged,
    PolicyInForce,
    ProjectChanged,
    ProjectCreated,
    ProjectRevoked,
    RequestEnded,
    RouteTarget,
    ScopeUsage,
    UsageSummed,
)

CORPUS = [
    (
        ProjectCreated("demo", ("gemini-*",), ts=1795380002953),
        '{"t":"project_created","v":1,"seq":1,"ts":1795380002953,"models":["gemini-*"],"project":"demo","crc":"189fd986"}',
    ),
    (
        ProjectChanged("demo", (), ts=1795380002954),
        '{"t":"project_changed","v":1,"seq":2,"ts":1795380002954,"models":[],"project":"demo","crc":"9c13f37d"}',
    ),
    (
        ProjectRevoked("demo", ts=1795380002955),
        '{"t":"project_revoked","v":1,"seq":3,"ts":1795380002955,"project":"demo","crc":"c4c4bcba"}',
    ),
    (
        KeyIssued("demo", "ab12", "test", "abcd…wxyz", ts=1795380002956),
        '{"t":"key_issued","v":1,"seq":4,"ts":1795380002956,"digest":"ab12","environment":"test","hint":"abcd…wxyz","project":"demo","crc":"71be61c5"}',
    ),
    (
        KeyRevoked("ab12", ts=1795380002957),
        '{"t":"key_revoked","v":1,"seq":5,"ts":1795380002957,"digest":"ab12","crc":"fb9a5c38"}',
    ),
    (
        KeyStateChanged("gemini-a", "resting", "429", 1795380032953, ts=1795380002958),
        '{"t":"key_state_changed","v":1,"seq":6,"ts":1795380002958,"key":"gemini-a","state":"resting","until_ms":1795380032953,"why":"429","crc":"ef71137f"}',
    ),
    (
        Dropped(7, ts=1795380002959),
        '{"t":"dropped","v":1,"seq":7,"ts":1795380002959,"count":7,"crc":"a8570469"}',
    ),
    (
        PolicyInForce(
            "ab12cd34",
            "calm",
            "gpt-4o",
            '{"hedge":{"policy":"off"}}',
            (RouteTarget("a-1", "a", "a", "gpt-4o", 0, 2.0),),
            ts=1795380002960,
        ),
        r'{"t":"policy_in_force","v":1,"seq":8,"ts":1795380002960,"config":"{\"hedge\":{\"policy\":\"off\"}}","policy":"calm","policy_id":"ab12cd34","route":"gpt-4o","targets":[{"domain":"a","key":"a-1","model":"gpt-4o","provider":"a","tier":0,"weight":2.0}],"crc":"ec2f8084"}',
    ),
    (
        UsageSummed(
            20780,
            (ScopeUsage("demo", "live", 2, 1, 3, 50, 284, 7),),
            (KeySpending("demo", "ab12", 7),),
            ts=1795380002961,
        ),
        '{"t":"usage_summed","v":1,"seq":9,"ts":1795380002961,"day":20780,"usage":[{"project":"demo","environment":"live","requests":2,"errors":1,"attempts":3,"prompt_tokens":50,"completion_tokens":284,"nano_usd":7}],"spent":[{"project":"demo","key":"ab12","nano_usd":7}],"crc":"2d998313"}',
    ),
    (
        ExperimentStarted(
            "e", ("gpt-*",), "{}", "p", 0.5, 900.0, 5000.0, unit="user", ts=1795380002953
        ),
        '{"t":"experiment_started","v":1,"seq":1,"ts":1795380002953,"experiment":"e","models":["gpt-*"],"candidate":"{}","policy":"p","share":0.5,"threshold_ms":900.0,"slow_ms":5000.0,"control":0.0,"unit":"user","predicted_ms":null,"alpha":0.05,"crc":"796e5dfd"}',
    ),
    (
        ExperimentStopped("e", "stopped", ts=1795380002954),
        '{"t":"experiment_stopped","v":1,"seq":2,"ts":1795380002954,"experiment":"e","why":"stopped","crc":"a1686d63"}',
    ),
    (
        ExperimentVerdict(
            "e", "better", "why", (10, 12), (3, 0), 30.5, p99_ms=810.5, ts=1795380002955
        ),
        '{"t":"experiment_verdict","v":1,"seq":3,"ts":1795380002955,"experiment":"e","verdict":"better","why":"why","requests":[10,12],"exceedances":[3,0],"evidence":30.5,"p99_ms":810.5,"off":null,"crc":"b3c52e0d"}',
    ),
    (
        PolicyApplied(("gpt-*",), "{}", "e", ts=1795380002956),
        '{"t":"policy_applied","v":1,"seq":4,"ts":1795380002956,"models":["gpt-*"],"policy":"{}","experiment":"e","crc":"d13310c5"}',
    ),
]


@pytest.mark.parametrize(("record", "line"), CORPUS)
def test_a_line_of_the_first_release_is_read(record, line):
    """Its checksum fits, and its members mean what they meant."""
    assert codec.intact(line.encode())
    assert codec.decode(line.encode())[1] == record


def test_a_member_that_is_not_there_has_the_default_of_the_first_release():
    """Lines leave defaults out, so a default may never change: this record is not to be edited."""
    line = (
        b'{"t":"request_ended","v":1,"seq":1,"ts":1795380002953,"request":"r","project":"p",'
        b'"environment":"live","operation":"chat","model":"g","status":200,"streamed":true,"policy":"d",'
        b'"hedged":"no","winner":null,"ttft_ms":null,"duration_ms":3.5,"prompt_tokens":1,'
        b'"completion_tokens":2,"attempts":[{"key":"k","domain":"d","model":"m","role":"hedge",'
        b'"outcome":"lost","start_ms":0.5,"first_ms":null,"end_ms":3.5}],"crc":"e2c81190"}'
    )
    # fmt: off
    attempt = AttemptEnded(
        "k", "d", "m", "hedge", "lost", 0.5, None, 3.5, None, None, 0, 0, "none", "", None, None, None,
        audit=False, warm=False, inflight=0, ewma_ms=None, headroom=None, candidates=(), p_sel=1.0,
        delay_ms=None, delay_src=None, probability=1.0, limits=None, nano_usd_low=0, nano_usd_high=0,
    )
    request = RequestEnded(
        "r", "p", "live", "chat", "g", 200, True, "d", "no", None, None, 3.5, 1, 2, 0,
        client_gone=False, error=None, hedge_delay_ms=None, hedge_skip=None, tags=(), attempts=(attempt,),
        tax_low=0, tax_high=0, policy_id="", coin=None, arm="none", prompt_estimate=0, output_estimate=0,
        affinity=None, unhedgeable=None, deadline_ms=None, skips=(), key="", ts=1795380002953,
    )
    # fmt: on
    _, counted = codec.decode(line)
    assert codec.intact(line)
    assert codec.whole(counted) == request


def test_every_kind_is_in_the_corpus():
    """Requests have a line of their own in the tests of the codec."""
    kinds = {type(record) for record, _ in CORPUS}
    assert kinds | {RequestEnded} == set(KINDS)


def test_a_record_cannot_be_changed():
    """It is a fact."""
    with pytest.raises(AttributeError):
        Dropped(1).count = 2
