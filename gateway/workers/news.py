"""What workers and their supervisor tell one another, a line each: to or from whom, and JSON.

Moments are seconds on the machine's monotonic clock, which all of its processes share.
"""

from typing import TypeAlias

import msgspec

from gateway.context import MeterName
from policies.rest import Drained, Lifted, Rested
from policies.shared import Levels, Use

HUB, OTHERS = 0, -1
"""The supervisor itself, and every worker but the one that says it. Workers are counted from 1."""

Row: TypeAlias = tuple[str, str, dict[str, str], float]
"""One value of the metrics: its family, its own name, its labels, and the value."""


class Up(msgspec.Struct, frozen=True, tag="up"):
    """To the supervisor: this worker accepts connections; `banner` is what a person should read."""

    banner: str


class AllUp(msgspec.Struct, frozen=True, tag="all_up"):
    """From the supervisor: every worker has been up."""


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """From the supervisor: this worker has just begun and knows nothing yet."""

    worker: int


class Left(msgspec.Struct, frozen=True, tag="left"):
    """From the supervisor: this worker is dead."""

    worker: int


class Used(msgspec.Struct, frozen=True, tag="used"):
    """What this worker has in use under the meters that changed."""

    meters: list[tuple[MeterName, Use]]


class Met(msgspec.Struct, frozen=True, tag="met"):
    """To one that has just begun: what this worker has in use, and how full its rates are."""

    meters: list[tuple[MeterName, Use, Levels]]


class Found(msgspec.Struct, frozen=True, tag="found"):
    """What this worker found out about keys; rests are to be taken up before others are lifted."""

    rested: list[Rested] = []
    lifted: list[Lifted] = []
    drained: list[Drained] = []


class Count(msgspec.Struct, frozen=True, tag="count"):
    """Asks for the values of all metrics; `scrape` stands in the answers."""

    scrape: int


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """The values of this worker's metrics."""

    scrape: int
    rows: list[Row]


Message: TypeAlias = Up | AllUp | Joined | Left | Used | Met | Found | Count | Counted

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def line(whom: int, message: Message) -> bytes:
    """The message to this address, or from it, with its newline."""
    return b"%d %b\n" % (whom, msgspec.json.encode(message))


def whom(line: bytes) -> tuple[int, bytes]:
    """The address that a line begins with, and the rest, which is for `read`."""
    address, _, rest = line.partition(b" ")
    return int(address), rest


def read(rest: bytes) -> Message:
    """The message in a line.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _decoder.decode(rest)
