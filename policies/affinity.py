"""Which target a prompt's beginning belongs to: the same one as long as it is there and not swamped.

Weighted rendezvous hashing: every target draws a number from the hash of the beginning and its own
name, and the best number wins. Nothing is remembered, processes agree, and a target that leaves moves
only what was its own. The second best is the designated backup, so that repeated hedges of one
beginning warm one second cache and not all of them.

A beginning that everybody shares would bury its target: `bounded` passes over those that have more
than their share of the calls in flight (consistent hashing with bounded loads).
"""

import struct
from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import ceil, log

from policies.target import Target

SLACK = 1.25
RANGE = 2.0**64


def rank(prefix: str, targets: Sequence[Target]) -> list[Target]:
    """The targets in a beginning's order of preference, a new list.

    The first is each target with a probability of its share of the weights: the draws are times of an
    exponential race, -ln(u)/weight, and the earliest wins.
    """
    start = blake2b(prefix.encode(errors="surrogatepass"), digest_size=8)
    digests: list[bytes] = []
    for target in targets:
        digest = start.copy()
        digest.update(target.key.encode())
        digests.append(digest.digest())
    numbers = struct.unpack(f">{len(digests)}Q", b"".join(digests))  # at once: a third of the time
    times = [
        -log((number + 0.5) / RANGE) / target.weight
        for number, target in zip(numbers, targets, strict=True)
    ]
    return [targets[place] for _, place in sorted(zip(times, range(len(times)), strict=True))]


def bounded(
    ranked: Sequence[Target], inflight: Callable[[str], int], slack: float = SLACK
) -> Target | None:
    """The first that would have no more than `slack` times its fair share of the calls in flight.

    The share is by weight, counts the call to be placed, and is rounded up. With a slack of 1 or more
    there is always one; None means that there are no targets.
    """
    if ranked and inflight(ranked[0].key) == 0:
        return ranked[0]  # one call is within any share, rounded up
    loads = [inflight(target.key) for target in ranked]
    fair = slack * (sum(loads) + 1) / (sum(target.weight for target in ranked) or 1.0)
    for target, load in zip(ranked, loads, strict=True):
        if load + 1 <= ceil(fair * target.weight):
            return target
    return None
