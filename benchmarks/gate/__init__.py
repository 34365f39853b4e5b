"""The regression gate: what a request costs the gateway, in instructions, beside what it costs the bare proxy.

Times differ by a fifth from run to run on a shared machine; the number of instructions a process executes
hardly does. callgrind counts them. The same upstream and client ask the gateway and the bare proxy
(`benchmarks/overhead/bare.py`) in one run, and the ratio of the two is compared with the one that is kept
in `kept.json`: what the processor, Python's build and the libraries both use do to it cancels out.

Files: `instructions` counts, `slowly` is what it counts, `lockstep` asks and answers, `costs` measures,
`verdict` compares, `command` tells.
"""
