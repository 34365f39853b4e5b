"""Measurements of the real program: load generators and the scenarios they run.

Rules: arrivals are open-loop, so a slow answer does not hold back the next request; latency counts from the
scheduled time of a request, not from when it could be sent; what is compared runs side by side in one run;
medians and quantiles come with their spread. May import everything below it, and nothing imports it.
"""
