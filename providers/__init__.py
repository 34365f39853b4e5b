"""The upstreams: one dialect a file, pure, and one shell that talks.

A dialect turns a call into its provider's bytes and the answer's bytes into events (`types`), with no I/O
and no clock, so that every recorded exchange is a test. `client` alone sends anything. Errors say whose
fault they are (`errors`). `simulator` is a server that speaks all the wire formats, for tests, benchmarks
and a first try without keys. Nothing here knows gateway, policies or state.
"""
