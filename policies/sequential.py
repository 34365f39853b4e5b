"""A test that may be looked at after every request: on which side do the rare events fall?

If both sides are alike, each event (a first token later than a threshold, an error) falls on the candidate's
side with the probability of its share, whatever the events' rate is and however it changes in time. The
evidence against that after k of n events on the candidate's side is the likelihood ratio of a mixture of all
other probabilities, a Beta(1/2, 1/2) one, to that share:

    M = B(k + 1/2, n - k + 1/2) / B(1/2, 1/2) / (share^k (1 - share)^(n - k))

M is a martingale that begins at 1, so it ever reaches 1 / alpha with probability alpha at most (Ville 1939;
Robbins 1970, Statistical methods related to the law of the iterated logarithm; Lindon and Malek 2022,
Anytime-valid inference for multinomial count data). Peeking is free.
"""

import math

PRIOR = 0.5
_HALVINGS = 60


def log_evidence(k: int, n: int, share: float) -> float:
    """The natural logarithm of M; 0 at the beginning, and minus something where nothing speaks against it."""
    mixed = _log_beta(k + PRIOR, n - k + PRIOR) - _log_beta(PRIOR, PRIOR)
    return mixed - k * math.log(share) - (n - k) * math.log1p(-share)


def decided(k: int, n: int, share: float, alpha: float) -> bool:
    """Whether the two sides are surely not alike."""
    return log_evidence(k, n, share) >= -math.log(alpha)


def ratio_bounds(k: int, n: int, share: float, alpha: float) -> tuple[float, float]:
    """Between which values the candidate's rate over the incumbent's lies, at all times together.

    All probabilities p of an event's falling on the candidate's side that are not rejected, as the ratio of
    rates: p / (1 - p) over share / (1 - share).
    """
    if n == 0:
        return 0.0, math.inf
    middle = min(max(k / n, 1e-9), 1.0 - 1e-9)
    low = _edge(k, n, alpha, 1e-12, middle) if k else 0.0
    high = _edge(k, n, alpha, 1.0 - 1e-12, middle) if k < n else 1.0
    fair = share / (1.0 - share)
    return _odds(low) / fair, _odds(high) / fair


def _edge(k: int, n: int, alpha: float, outside: float, inside: float) -> float:
    """Where rejection begins between a probability that is rejected and one that is not."""
    if not decided(k, n, outside, alpha):
        return outside
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2.0
        if decided(k, n, middle, alpha):
            outside = middle
        else:
            inside = middle
    return outside


def _odds(p: float) -> float:
    return math.inf if p >= 1.0 else p / (1.0 - p)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
