"""The simulator: one server that is OpenAI, Gemini and Anthropic at once, over HTTP/1.1.

Every credential is a key of its own, with its plan, its faults and its line in the ledger. All time is
Trio's and all chance is the generator handed in, so under a mock clock, on memory streams, the whole
simulator is deterministic and takes no time.
"""

import logging
import random
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import trio

from providers.simulator.answering import Desk, Turn
from providers.simulator.connection import Connection
from providers.simulator.faults import Chances, Fault, FaultKind
from providers.simulator.keys import Keyring
from providers.simulator.ledger import Ledger
from providers.simulator.plan import KeyPlan
from providers.simulator.replaying import ReplayDesk, Tape
from providers.simulator.requests import Request, Unreadable

BACKLOG = 2048

_log = logging.getLogger("hedgerow.simulator")


class Simulator:
    """Simulated providers. `plans` is by credential; who is not in it behaves as `default` says.

    With a `tape` they answer what is recorded there; of the plans only the faults count then.
    """

    def __init__(
        self,
        *,
        plans: Mapping[str, KeyPlan] | None = None,
        default: KeyPlan | None = None,
        tape: Tape | None = None,
        rng: random.Random,
    ) -> None:
        self._ring = Keyring(dict(plans or {}), default or KeyPlan())
        self._desk = ReplayDesk(self._ring, tape, rng) if tape else Desk(self._ring, rng)

    @property
    def ledger(self) -> Ledger:
        """The calls, counted."""
        return self._ring.ledger

    def script(
        self,
        key: str,
        faults: Iterable[Fault | FaultKind] = (),
        *,
        repeat: bool = False,
        chances: Chances | None = None,
    ) -> None:
        """Replace a key's faults: one a call in order, all over again with `repeat`; `chances` are the
        probabilities that apply when the sequence is used up."""
        self._ring.script(key, faults, repeat=repeat, chances=chances)

    def reset(self) -> None:
        """Every key as its plan has it, every count anew; running calls stay counted."""
        self._ring.reset()

    async def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until cancelled. Reports the base URL, with the port that was found if `port` is 0.

        Raises:
            OSError: the address cannot be listened on.
        """
        listeners = await trio.open_tcp_listeners(port, host=host, backlog=BACKLOG)
        shown = f"[{host}]" if ":" in host else host
        task_status.started(f"http://{shown}:{listeners[0].socket.getsockname()[1]}")
        await trio.serve_listeners(self.handle_stream, listeners)

    async def handle_stream(self, stream: trio.abc.Stream) -> None:
        """Serve one connection, and close it."""
        try:
            await Connection(stream, self._respond).run()
        except Exception:  # noqa: BLE001  one connection's bug must not end the others
            _log.exception("a connection of the simulator failed")
        finally:
            await trio.aclose_forcefully(stream)

    def _respond(self, request: Request | Unreadable) -> Turn:
        return self._desk.turn(request, trio.current_time())


@contextmanager
def refusing_address() -> Iterator[str]:
    """A base URL at which every connection is refused, for as long as the context lasts."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
