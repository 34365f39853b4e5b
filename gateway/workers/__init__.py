"""Several processes as one gateway: `hedgerow serve --workers N`.

    supervisor    no event loop: forks the workers, starts dead ones again, passes signals on
        │ hub     hands their messages on, a stream socket for each worker
    worker 1 … N  the whole gateway each, with sockets of their own on the one address
        link      a worker's end of its stream; `sharing` says what goes over it

Usage, money and project keys are in the journal, which every process follows. What is told over the
links is what the journal has too late or not at all: calls in flight, rates, rests of keys, metrics.
"""
