"""Threads that are not to be had: to see who wants one."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio


@contextmanager
def no_thread_free() -> Iterator[None]:
    """As long as this lasts, whoever hands work to a thread waits."""
    limiter = trio.to_thread.current_default_thread_limiter()
    borrowers = [object() for _ in range(int(limiter.available_tokens))]
    for borrower in borrowers:
        limiter.acquire_on_behalf_of_nowait(borrower)
    try:
        yield
    finally:
        for borrower in borrowers:
            limiter.release_on_behalf_of(borrower)
