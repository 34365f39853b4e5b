"""`hedgerow bench load`: an open-loop load generator for any OpenAI-compatible server.

    arrivals, lengths, traces  ->  schedule  ->  driver (target, prompts, reading)  ->  outcomes
    outcomes  ->  summary, slo  ->  text, page, records, hgrm

Requests go out when they are due, however slow earlier ones are, and every latency counts from the moment
when its request was due: what a stalled server did to those who would have called meanwhile is in the
figures (no "coordinated omission"). Only `driver` and `command` know clocks and sockets.
"""
