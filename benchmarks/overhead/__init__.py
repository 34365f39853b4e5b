"""What the gateway itself costs: requests a second, CPU a request, added latency, streams, memory.

Four kinds of processes, each pinned to a processor: a canned upstream, the gateways that are compared, and a
load generator. Upstream and generator are plain `epoll` loops over bytes that were written before the
measurement, so that they are not what is measured.

Files: `upstream` answers, `connection` and `load` ask, `bare` is the least a racing proxy can be, `cpu` says
what a process has used, `subjects` starts what is measured, `rounds` measures it, `table` tells.
"""
