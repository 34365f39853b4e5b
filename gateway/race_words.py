"""What there is to say of a race, in words: who was asked and why, what it cost, how it ended. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from state.records import AttemptEnded, RequestEnded, Skipped

NANO = 1e9
FROM_SECONDS = 10_000.0
"""Milliseconds from which times are told in seconds."""


def clean(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def milliseconds(ms: float) -> str:
    """A time as people read it."""
    return f"{ms:.0f} ms" if abs(ms) < FROM_SECONDS else f"{ms / 1000:.1f} s"


def dollars(nano: int) -> str:
    """Billionths of a dollar as dollars, as exact as they are known."""
    return "$0" if nano == 0 else f"${nano / NANO:.9f}".rstrip("0").rstrip(".")


def title(record: RequestEnded) -> Iterator[str]:
    """What was asked, by whom, and what was decided before the first call."""
    form = "streamed" if record.streamed else "whole"
    yield f"{clean(record.request)}  {record.operation} {clean(record.model)}, {form}"
    ended = datetime.fromtimestamp(record.ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    yield f"{ended}, project {clean(record.project)} ({record.environment})"
    known = [f"policy {clean(record.policy)}"]
    known += [] if record.coin is None else [f"coin {record.coin:.3f}"]
    known += [] if record.arm == "none" else [f"arm {record.arm}"]
    known += [f"about {record.prompt_estimate} tokens in"] if record.prompt_estimate else []
    known += [f"at most {record.output_estimate} out"] if record.output_estimate else []
    known += [f"prefix {clean(record.affinity)}"] if record.affinity else []
    known += [f"must not be hedged: {clean(record.unhedgeable)}"] if record.unhedgeable else []
    yield ", ".join(known)


def started(moment: AttemptEnded | Skipped, record: RequestEnded) -> str | None:
    """What happened at the start of an attempt, or at a hedge's refusal; None at the first call."""
    if isinstance(moment, Skipped):
        level = "" if moment.level is None else f" ({moment.level:.3g} left)"
        return f"hedge skipped: {clean(moment.why)}{level}"
    if moment.role == "primary":
        return None
    before = _before(moment, record)
    if moment.role == "hedge" and before is not None:
        return f"hedge: {clean(before.key)} silent for {milliseconds(moment.start_ms - before.start_ms)}"
    if moment.role == "failover" and before is not None:
        return f"failover: {clean(before.key)} {_failure(before)}"
    return "two at once, to know more" if moment.role == "dual" else moment.role


def _before(moment: AttemptEnded, record: RequestEnded) -> AttemptEnded | None:
    """The attempt that a hedge was for, or that a failover came after."""
    if moment.role == "hedge":
        before = [a for a in record.attempts if a.role != "hedge" and a.start_ms <= moment.start_ms]
        return max(before, key=lambda a: a.start_ms, default=None)
    failed = [a for a in record.attempts if a.error is not None and a.end_ms <= moment.start_ms]
    return max(failed, key=lambda a: a.end_ms, default=None)


def _failure(attempt: AttemptEnded) -> str:
    status = "" if attempt.status is None else f" ({attempt.status})"
    return f"{clean(attempt.error or attempt.outcome)}{status}"


def details(attempt: AttemptEnded) -> Iterator[str]:
    """An attempt: its times, why this target, the plan it set going, what it used and cost."""
    place = clean(f"{attempt.provider}, {attempt.domain}" if attempt.provider else attempt.domain)
    yield f"{attempt.role} {clean(attempt.key)} ({place}) {clean(attempt.model)}"
    yield f"  {', '.join(_times(attempt))}"
    yield f"  {', '.join(_why_here(attempt))}"
    if attempt.delay_ms is not None or (attempt.delay_src and attempt.role != "hedge"):
        yield f"  {_plan(attempt)}"
    yield f"  {_use(attempt)}"


def _times(attempt: AttemptEnded) -> Iterator[str]:
    yield f"sent at {milliseconds(attempt.start_ms)}"
    if attempt.headers_ms is not None:
        yield f"accepted at {milliseconds(attempt.headers_ms)}"
    if attempt.first_ms is not None:
        yield f"first {clean(attempt.first_kind or 'token')} at {milliseconds(attempt.first_ms)}"
    if attempt.cancelled_ms is not None:
        yield f"cancelled at {milliseconds(attempt.cancelled_ms)}"
    else:
        yield f"over at {milliseconds(attempt.end_ms)}"
    if attempt.audit:
        yield "was let run on to learn its time"
    if attempt.error is not None:
        yield _failure(attempt)


def _why_here(attempt: AttemptEnded) -> Iterator[str]:
    if attempt.candidates:
        scores = ", ".join(f"{clean(one.key)} {one.score:.4g}" for one in attempt.candidates)
        yield (
            f"compared {scores} (lower is better)" if attempt.candidates[1:] else f"score {scores}"
        )
    if attempt.p_sel < 1.0:
        yield f"offered with probability {attempt.p_sel:.3g}"
    yield f"{attempt.inflight} in flight"
    if attempt.ewma_ms is not None:
        yield f"first token expected after {milliseconds(attempt.ewma_ms)}"
    if attempt.headroom is not None:
        yield f"{attempt.headroom:.0%} of its limit left"
    if attempt.warm:
        yield "prompt in its cache"


def _plan(attempt: AttemptEnded) -> str:
    source = f" ({clean(attempt.delay_src)})" if attempt.delay_src else ""
    if attempt.delay_ms is None:
        return f"no hedge planned{source}"
    chance = "" if attempt.probability >= 1.0 else f", with probability {attempt.probability:.3g}"
    return f"hedge planned after {milliseconds(attempt.delay_ms)}{source}{chance}"


def _use(attempt: AttemptEnded) -> str:
    tokens = f"{attempt.prompt_tokens} tokens in, {attempt.completion_tokens} out"
    used = "usage not known" if attempt.usage_src == "none" else f"{tokens} ({attempt.usage_src})"
    return f"{used}, cost {_between(attempt.nano_usd_low, attempt.nano_usd_high)}"


def _between(low: int, high: int) -> str:
    return dollars(low) if low >= high else f"at least {dollars(low)}, at most {dollars(high)}"


def result(record: RequestEnded) -> Iterator[str]:
    """What the hedge was good for, and how it all ended."""
    if record.hedged != "no":
        yield f"Hedge {record.hedged}{_saved(record)}"
    ending = [f"Status {record.status}"]
    ending += [clean(record.error)] if record.error else []
    ending += ["the client left"] if record.client_gone and record.error != "client_gone" else []
    ending += [f"answered by {clean(record.winner)}"] if record.winner else []
    first = record.ttft_ms
    ending += [] if first is None else [f"first token after {milliseconds(first)}"]
    yield ", ".join([*ending, f"{milliseconds(record.duration_ms)} in all"])
    spent = f"{record.prompt_tokens} tokens in, {record.completion_tokens} out"
    beside = ""
    if record.tax_high:
        beside = f"; the other attempts {_between(record.tax_low, record.tax_high)}"
    yield f"{spent}, {dollars(record.nano_usd)}{beside}"


def _saved(record: RequestEnded) -> str:
    """How much earlier the hedge was than the call that it was for, as far as that is known."""
    hedge = next((a for a in record.attempts if a.outcome == "won" and a.role == "hedge"), None)
    slow = None if hedge is None else _before(hedge, record)
    if hedge is None or hedge.first_ms is None or slow is None:
        return ""
    if slow.first_ms is not None:
        return f": {milliseconds(slow.first_ms - hedge.first_ms)} earlier than {clean(slow.key)}"
    if slow.audit:
        least = milliseconds(slow.end_ms - hedge.first_ms)
        return f": at least {least} earlier than {clean(slow.key)}"
    why = "failed" if slow.error else "was cancelled while still silent"
    return f": how much earlier is not known, {clean(slow.key)} {why}"
