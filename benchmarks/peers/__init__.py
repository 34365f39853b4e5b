"""Other gateways beside ours, in one run: `hedgerow bench peers`.

environments   each peer in an environment of its own, installed from its registry, outside of the project
known          how each of them is configured, started and asked
table          ratios to ours, round by round
command        all of it
"""
