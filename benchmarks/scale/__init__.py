"""Whether a request costs the same in a large installation as in a small one.

Gateways that differ in one thing (projects, keys, open connections) run side by side on one processor and
are saturated in turn, in another order each round; what counts is CPU a request as a multiple of what the
smallest one takes in the same round.

Files: `levels` says what is compared, `site` builds and runs it, `rounds` measures, `table` judges and
tells.
"""
