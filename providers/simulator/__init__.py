"""Fake providers that speak the real wire formats, for tests, benchmarks and a first try without keys.

    simulator = Simulator(plans={"sk-1": KeyPlan(profile=SPIKY)}, rng=random.Random(1))
    url = await nursery.start(simulator.serve)
    simulator.script("sk-1", ["rate_limited", Fault("cut", words=5)])
    ...
    assert simulator.ledger.in_flight == 0

One address answers as OpenAI (`/v1/chat/completions`, `/v1/embeddings`, `/v1/models`), Gemini
(`/v1beta/...`) and Anthropic (`/v1/messages`, `/v1/models`). The credential presented says which key it
is; what it does beyond that is in its `KeyPlan`. See `control` for the endpoints that steer from outside.

    simulator = Simulator(tape=Tape.read(Path("recordings")), rng=random.Random(1))

answers with recorded traffic instead, as any provider of whom something is recorded; see `library`.
"""

from providers.simulator.faults import Fault, FaultKind, FaultScript
from providers.simulator.latency import (
    HEAVY,
    INSTANT,
    PROFILES,
    SPIKY,
    TIGHT,
    TYPICAL,
    Profile,
    SlowPeriod,
)
from providers.simulator.ledger import Counts, Ledger
from providers.simulator.plan import KeyPlan, RateLimit
from providers.simulator.prose import is_passage
from providers.simulator.replaying import Tape
from providers.simulator.run import EMBEDDED_KEYS, EMBEDDED_MODELS, embedded, standalone
from providers.simulator.server import Simulator, refusing_address

__all__ = [
    "EMBEDDED_KEYS",
    "EMBEDDED_MODELS",
    "HEAVY",
    "INSTANT",
    "PROFILES",
    "SPIKY",
    "TIGHT",
    "TYPICAL",
    "Counts",
    "Fault",
    "FaultKind",
    "FaultScript",
    "KeyPlan",
    "Ledger",
    "Profile",
    "RateLimit",
    "Simulator",
    "SlowPeriod",
    "Tape",
    "embedded",
    "is_passage",
    "refusing_address",
    "standalone",
]
