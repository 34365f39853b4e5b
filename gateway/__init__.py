"""The front door: HTTP in, the race, wiring, administration.

One request: `front` reads it, `connection` gives it the nursery it runs in, `auth` names the project,
`wire` makes a frozen call of its JSON, `calls` checks its rights and `admission` its limits. `live` then
races it (`race`, an `attempt` for each upstream call) or `mocked` plays it; `relay` and `frames` turn the
winner's events into the client's bytes, `reply` hands them over with back-pressure, and `account` closes
the books: one journal record a request, written before its last byte goes out.

`serve` builds all parts and gives them to each other; there are no globals. What must hold is in the files'
first lines. This package knows policies, providers and state; none of them knows it.
"""
