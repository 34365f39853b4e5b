"""Judgement: which key, when to hedge, what an error means. Pure, a file for an idea.

    settings   what an operator may decide
    target     where a call may go, and a model's targets in tiers
    pool       all keys as a race sees them: pick, begin, first, finish
    balance    the better of two drawn by lot
    latency    who is fast now, how slow is unusual
    survival   quantiles when some calls were given up
    load       how busy a key is
    health     rest after trouble, then try again gently
    rest       one such rest, and the change of state to report
    record     how a key did lately
    hedge      when a slow attempt gets a rival
    budget     what extra attempts may spend
    retry      what an error means for its request
    limits     what a project may use
    tokens     counting without a tokenizer
    mock       what test mode answers, and the faults it shows on demand
    phrases    the sentences it says

Time (`now`, seconds on one monotonic clock) and chance (`rng`) are handed in; there is no I/O, no
clock and no task in here, so the same code runs in the gateway, in tests and in replays of the
journal.
"""
