"""What is demanded of the race, and whether a run shows it.

Each demand looks at one group of contenders and says nothing where its scenario did not run. Where
several contenders of ours stand for "the race" the best of them is taken, and named.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

import attrs

from benchmarks.tail.results import FIXED_AT_SAME_BUDGET, Cell, Sample
from benchmarks.tail.rows import Group, Row

NEAR_OPTIMUM = 1.10  # times the optimum for the load that was caused
MOST_EXTRA = 0.055  # extra load of a 5 % budget
SLOW_KEY = 3.4  # times the median
MOST_429 = 0.003  # share of requests that see one in a storm
MOST_HOSTILE = 0.01  # hedges a request where hedges cannot win
SEEN_FIRST = 200  # first tokens before the first hedge of a cold start
LIKELY = 0.25  # share of hedges that must be first where they are more than that
MISSED = 3
WORTHWHILE = 0.05  # share of the p99 that hedging must save to be advised


@attrs.frozen
class Verdict:
    """One demand, whether it is met, and the figures in a sentence."""

    name: str
    passed: bool
    said: str


def judge(groups: Sequence[Group]) -> tuple[Verdict, ...]:
    """All verdicts that these groups allow."""
    return tuple(v for group in groups for demand in _DEMANDS for v in demand(group))


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """0 if every demand is met, else 3."""
    return 0 if all(verdict.passed for verdict in verdicts) else MISSED


def advice(group: Group) -> str | None:
    """Whether to hedge at all on such latencies. None where that was not compared.

    Worth it is a contender of ours whose p99 is lower by at least 5 %, and by at least the share of
    extra load that it costs; the one with the lowest p99 is advised.
    """
    hedgers = [row for row in group.ours if row.cell.hedges]
    if group.unhedged is None or not hedgers:
        return None
    best = _best(hedgers)
    worth = [r for r in hedgers if _gain(r, group) >= max(WORTHWHILE, r.extra_load)]
    if not worth:
        return f"do not hedge: {_saving(best, group)}"
    return f"hedge with {_best(worth).contender}: {_saving(_best(worth), group)}"


def _near_optimum(group: Group) -> Iterator[Verdict]:
    if group.scenario != "iid" or group.profile not in ("spiky", "heavy"):
        return
    rows = [row for row in group.ours if row.budget == 0.05]
    if not rows:
        return
    best = _best(rows)
    if best.optimum is not None:
        times = best.p99.value / best.optimum
        said = (
            f"{best.contender}: p99 {times:.2f} x the optimum {best.optimum:.2f} s "
            f"for {best.extra_load:.1%} extra load; at most {NEAR_OPTIMUM:.2f}"
        )
        yield _verdict(group, "near the optimum", times <= NEAR_OPTIMUM, said)
    most = max(rows, key=lambda row: row.extra_load)
    said = f"{most.contender}: {most.extra_load:.2%} extra load; at most {MOST_EXTRA:.1%}"
    yield _verdict(group, "within its budget", most.extra_load <= MOST_EXTRA, said)


def _random_beats_fixed(group: Group) -> Iterator[Verdict]:
    """With 2 % to spend a fixed delay comes too late for the p99, a randomised one need not."""
    if group.scenario != "iid" or group.profile not in ("spiky", "heavy"):
        return
    randomised = [r for r in group.ours if r.budget == 0.02 and "single_r" in r.contender]
    fixed = [row for row in group.rows if FIXED_AT_SAME_BUDGET in row.contender]
    if not randomised or not fixed:
        return
    ours, theirs = _best(randomised), _best(fixed)
    said = f"p99 {_p99(ours)} against {_p99(theirs)}"
    yield _verdict(group, "single_r beats a fixed delay", ours.p99.value < theirs.p99.value, said)


def _slow_key(group: Group) -> Iterator[Verdict]:
    hedgers = [row for row in group.ours if row.cell.hedges]
    hedgers = [row for row in hedgers if row.budget is not None and row.budget <= 0.05]
    if group.scenario != "slow-key" or group.profile != "spiky" or not hedgers:
        return
    best = _best(hedgers)
    times = best.p99.value / group.median
    said = f"{best.contender}: p99 {times:.2f} x median; at most {SLOW_KEY}"
    yield _verdict(group, "balancing and hedging", times <= SLOW_KEY, said)


def _brown_out(group: Group) -> Iterator[Verdict]:
    if group.scenario != "brown-out":
        return
    for row in group.ours:
        if row.budget is None:
            continue
        most = row.budget + _burst(row) / max(1, row.n)
        said = f"{row.contender}: {row.extra_load:.2%} extra load; at most {most:.2%}"
        yield _verdict(group, "no amplification", row.extra_load <= most + 1e-9, said)


def _storm(group: Group) -> Iterator[Verdict]:
    if group.scenario != "429-storm":
        return
    for row in group.ours:
        share = sum(sample.saw_429 for sample in row.cell.samples) / max(1, row.n)
        said = f"{row.contender}: {share:.2%} of requests saw a 429; less than {MOST_429:.1%}"
        yield _verdict(group, "429s are avoided", share < MOST_429, said)


def _hostile(group: Group) -> Iterator[Verdict]:
    """Slow backups are no use on even latencies. On a tail that is slower still they are, and win.

    Who was told not to ask how likely that is cannot be blamed.
    """
    if group.scenario not in ("hedge-hostile", "hedge-hostile-10"):
        return
    for row in (row for row in group.ours if row.cell.notes.get("min_win_prob") != 0.0):
        rate, wins = row.cell.hedges / max(1, row.n), row.cell.win_rate
        useful = group.scenario == "hedge-hostile" and wins >= LIKELY
        said = f"{row.contender}: {rate:.2%} hedges a request; less than {MOST_HOSTILE:.0%}"
        if rate >= MOST_HOSTILE and useful:
            said += f", or useful ones: {wins:.0%} of them were first"
        yield _verdict(group, "no hopeless hedges", rate < MOST_HOSTILE or useful, said)


def _cold_start(group: Group) -> Iterator[Verdict]:
    if group.scenario != "cold-start":
        return
    for row in group.ours:
        early = row.cell.notes.get("early_hedges", early_hedges(row.cell))
        said = f"{row.contender}: {early:.0f} hedges before enough was seen; none allowed"
        yield _verdict(group, "no hedges in the dark", early == 0, said)


def early_hedges(cell: Cell) -> int:
    """Hedges of requests that were over before `SEEN_FIRST` first tokens had been seen."""
    seen = sorted(sample.due + sample.ttft for sample in cell.samples if sample.ttft is not None)

    def early(sample: Sample) -> bool:
        over = sample.due + (sample.ttft or 0.0)
        return bisect_left(seen, over) < SEEN_FIRST

    return sum(sample.hedges for sample in cell.samples if sample.hedges and early(sample))


def _low_rate(group: Group) -> Iterator[Verdict]:
    if group.scenario != "low-rate":
        return
    for row in group.ours:
        if row.budget is None:
            continue
        most = row.budget * row.n + _burst(row)
        said = f"{row.contender}: {row.cell.hedges} hedges of {row.n} requests; at most {most:.2f}"
        yield _verdict(group, "an exact budget", row.cell.hedges <= most + 1e-9, said)


def _disconnect(group: Group) -> Iterator[Verdict]:
    if group.scenario != "disconnect":
        return
    for row in group.ours:
        if "leaked" not in row.cell.notes:
            continue
        leaked = row.cell.notes["leaked"]
        said = f"{row.contender}: {leaked:.0f} upstream calls outlived their client; none allowed"
        yield _verdict(group, "nothing leaks", leaked == 0, said)


def _tight(group: Group) -> Iterator[Verdict]:
    said = advice(group)
    if group.scenario == "iid" and group.profile == "tight" and said is not None:
        yield _verdict(group, "honest advice", said.startswith("do not hedge"), said)


def _beside(group: Group) -> Iterator[Verdict]:
    """Each rival beside ours that cost no more. Who multiplies the load is shown and not compared: it is
    one of our own policies (`schedule` with all moments 0), which nobody should choose."""
    for rival in group.rivals:
        if rival.extra_load > 1.0:
            continue
        matched = [row for row in group.ours if row.extra_load <= rival.extra_load]
        if matched:
            yield _compared(group, _best(matched), rival)


def _compared(group: Group, ours: Row, rival: Row) -> Verdict:
    if ours.p99.value <= rival.p99.value:
        word = "lower"
    else:
        word = "a tie" if ours.p99.overlaps(rival.p99) else "higher"
    said = (
        f"{ours.contender}: p99 {_p99(ours)} at {ours.extra_load:.1%} against {_p99(rival)} "
        f"at {rival.extra_load:.1%}: {word}"
    )
    return _verdict(group, f"beside {rival.contender}", word != "higher", said)


def _verdict(group: Group, name: str, passed: bool, said: str) -> Verdict:
    return Verdict(f"{group.scenario}, {group.profile}: {name}", passed, said)


def _best(rows: Sequence[Row]) -> Row:
    return min(rows, key=lambda row: (row.p99.value, row.extra_load))


def _burst(row: Row) -> float:
    return row.cell.notes.get("burst", 0.0) * len(row.seeds)


def _gain(row: Row, group: Group) -> float:
    """The share of the unhedged p99 that was saved."""
    alone = group.alone
    if not math.isfinite(alone):
        return 1.0 if math.isfinite(row.p99.value) else 0.0
    return 1.0 - row.p99.value / alone


def _saving(row: Row, group: Group) -> str:
    gain = _gain(row, group)
    change = f"{gain:.1%} lower" if gain >= 0 else f"{-gain:.1%} higher"
    return f"p99 {change} for {row.extra_load:.1%} extra load"


def _p99(row: Row) -> str:
    return f"{row.p99.value:.2f} s [{row.p99.low:.2f}, {row.p99.high:.2f}]"


_DEMANDS: tuple[Callable[[Group], Iterator[Verdict]], ...] = (
    _near_optimum,
    _random_beats_fixed,
    _slow_key,
    _brown_out,
    _storm,
    _hostile,
    _cold_start,
    _low_rate,
    _disconnect,
    _tight,
    _beside,
)
