"""Who gets which line."""

import selectors
from collections.abc import Iterator

import attrs
import pytest

from gateway.workers.hub import Hub, Wire
from gateway.workers.news import (
    HUB,
    OTHERS,
    AllUp,
    Count,
    Joined,
    Left,
    Message,
    Up,
    line,
    read,
    whom,
)


@attrs.define(eq=False)
class Switch:
    """A hub, and the workers' ends of its links. `heard` is what was said to the supervisor."""

    hub: Hub
    ends: dict[int, Wire]
    heard: list[tuple[int, bytes]]

    def join(self, worker: int) -> None:
        """One more worker."""
        end = self.hub.join(worker)
        end.setblocking(False)
        self.ends[worker] = Wire(end)

    def say(self, worker: int, to: int, message: Message) -> None:
        """A worker says something, and the hub has a turn."""
        self.ends[worker].send(line(to, message))
        self.turn()

    def turn(self) -> None:
        """Everything that can be done at once is done."""
        while ready := self.hub.selector.select(0):
            for key, _ in ready:
                key.data()

    def came(self, worker: int) -> list[tuple[int, Message]]:
        """What has come to the worker so far: from whom, and what."""
        return [(sender, read(rest)) for sender, rest in map(whom, self.ends[worker].lines())]


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A hub with three workers."""
    heard: list[tuple[int, bytes]] = []
    with selectors.DefaultSelector() as selector:
        made = Switch(Hub(selector, lambda *said: heard.append(said)), {}, heard)
        for worker in (1, 2, 3):
            made.join(worker)
        yield made
        made.hub.close()
        for end in made.ends.values():
            end.socket.close()


def test_a_newcomer_is_announced_to_those_before_it(switch: Switch) -> None:
    """Not to itself."""
    assert switch.came(1) == [(HUB, Joined(2)), (HUB, Joined(3))]
    assert switch.came(2) == [(HUB, Joined(3))]
    assert switch.came(3) == []


def test_lines_go_to_whom_they_are_for_with_the_senders_number(switch: Switch) -> None:
    """All others, one, or the supervisor; nobody hears itself, and who is not there is not missed."""
    for worker in (1, 2, 3):
        switch.came(worker)
    switch.say(2, OTHERS, Count(7))
    switch.say(1, 3, Count(8))
    switch.say(1, 9, Count(9))
    switch.say(3, 3, Count(9))
    switch.say(3, HUB, AllUp())
    assert switch.came(1) == [(2, Count(7))]
    assert switch.came(2) == []
    assert switch.came(3) == [(2, Count(7)), (1, Count(8))]
    assert [(worker, read(rest)) for worker, rest in switch.heard] == [(3, AllUp())]


def test_a_line_in_pieces_is_one_line(switch: Switch) -> None:
    """Streams know no messages."""
    switch.came(2)
    whole = line(2, Count(7)) + line(2, Count(8))
    for at in range(len(whole)):
        switch.ends[1].send(whole[at : at + 1])
        switch.turn()
    assert [message for _, message in switch.came(2)][-2:] == [Count(7), Count(8)]


def test_the_last_words_of_the_dead_are_handed_on(switch: Switch) -> None:
    """And then its death is told; what is sent to it afterwards goes nowhere."""
    switch.came(2)
    switch.ends[1].send(line(OTHERS, Count(7)))
    switch.ends[1].socket.close()
    switch.hub.leave(1)
    switch.say(2, OTHERS, Count(8))
    assert switch.came(2) == [(1, Count(7)), (HUB, Left(1))]
    assert switch.came(3) == [(1, Count(7)), (HUB, Left(1)), (2, Count(8))]


def test_who_does_not_read_delays_nobody(switch: Switch) -> None:
    """Megabytes wait for it, which is known; it gets all of them when it reads again."""
    switch.came(2)
    switch.came(3)
    for _ in range(200):
        switch.hub.tell(2, Up("x" * 20_000))
    switch.hub.tell(3, AllUp())
    assert switch.came(3) == [(HUB, AllUp())]
    assert switch.hub.stuck(1_000_000) == [2]
    got: list[tuple[int, Message]] = []
    while len(got) < 200:
        switch.turn()
        got += switch.came(2)
    assert switch.hub.stuck(0) == []
