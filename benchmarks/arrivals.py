"""When requests are due: open-loop schedules, independent of how fast anything answers."""

import random


def poisson(rate: float, count: int, rng: random.Random) -> list[float]:
    """`count` arrival times in seconds from 0, `rate` a second on average, memoryless."""
    now, times = 0.0, []
    for _ in range(count):
        now += rng.expovariate(rate)
        times.append(now)
    return times
