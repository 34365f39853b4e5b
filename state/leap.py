"""Going over the closed segments of a log by their summaries, instead of reading every line of them."""

from state.indexes import Indexes
from state.recent import Recent, Request
from state.summary import Summary, load
from state.tail import Tail


def leap(tail: Tail, indexes: Indexes) -> str | None:
    """Fold into the indexes what summaries tell, from where the tail stands on, and put it behind that.

    A sentence if a summary is damaged: some segments, or all, are then left to be read.
    """
    folder = tail.at.folder
    summaries: list[Summary] = []
    report = None
    try:
        while (summary := load(folder, _next(tail, summaries))) is not None:
            summaries.append(summary)
    except (ValueError, OSError) as error:
        report = f"a summary of {folder.name} is of no use, its segment is read: {error}"
    try:
        latest = _latest(summaries)
    except (ValueError, OSError) as error:
        return f"a summary of {folder.name} is of no use, all segments are read: {error}"
    for summary in summaries:
        tail.leap(summary.sealed, summary.header.unknown)
        for seq, record in summary.facts:
            indexes.apply(record, writer=folder.name, seq=seq)
    for seq, request in latest:
        indexes.remember(request, writer=folder.name, seq=seq)
    return report


def _next(tail: Tail, summaries: list[Summary]) -> int:
    return (summaries[-1].header.last if summaries else tail.at.seq) + 1


def _latest(summaries: list[Summary]) -> list[tuple[int, Request]]:
    """The latest requests of all; most summaries need not be opened for that."""
    recent = Recent()
    for summary in sorted(summaries, key=lambda each: each.header.latest, reverse=True):
        if not recent.has_room(summary.header.latest):
            break
        for seq, request in summary.requests():
            recent.add(request, (request.ts, "", seq))
    return [(seq, request) for (_, _, seq), request in recent.entries]
