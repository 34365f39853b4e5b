"""What came with a call comes back with it, although its client dropped it; bounded, and by project."""

from gateway.keepsakes import MOST, MOST_OF_ONE, THOUGHTS, Keepsakes
from providers.conversation import Message, ToolUse
from providers.types import ChatCall, EmbedCall

SIGNED = {"google": {"thought_signature": "s"}}


def calling(*uses: ToolUse) -> ChatCall:
    return ChatCall("m", (Message("user", "x"), Message("assistant", "", tool_calls=uses)), {})


def recalled(kept: Keepsakes, use: ToolUse, project: str = "p") -> ToolUse:
    call = kept.recall(project, calling(use))
    assert isinstance(call, ChatCall)
    return call.messages[1].tool_calls[0]


def test_what_came_with_a_call_comes_back_with_it() -> None:
    """For its own project only; and what the client brought back counts."""
    kept = Keepsakes()
    kept.keep("p", "c1", SIGNED)
    assert recalled(kept, ToolUse("c1", "f", "{}")).extra == SIGNED
    assert recalled(kept, ToolUse("c1", "f", "{}"), "other").extra == {}
    assert recalled(kept, ToolUse("c2", "f", "{}")).extra == {}
    own = {"google": {"thought_signature": "own"}}
    assert recalled(kept, ToolUse("c1", "f", "{}", extra=own)).extra == own


def test_calls_that_need_nothing_are_left_as_they_are() -> None:
    """The very same value."""
    kept = Keepsakes()
    plain, embed = ChatCall("m", (Message("user", "x"),), {}), EmbedCall("m", ("x",), {})
    assert kept.recall("p", calling(ToolUse("c", "f", "{}"))).messages  # type: ignore[union-attr]
    kept.keep("p", "other", SIGNED)
    assert kept.recall("p", plain) is plain
    assert kept.recall("p", embed) is embed
    call = calling(ToolUse("c", "f", "{}"))
    assert kept.recall("p", call) is call


def test_the_oldest_are_forgotten_and_what_is_too_long_is_not_kept() -> None:
    """Memory is bounded, whatever upstreams send."""
    kept = Keepsakes()
    kept.keep("p", "long", {"google": "x" * MOST_OF_ONE})
    for n in range(MOST + 1):
        kept.keep("p", f"c{n}", SIGNED)
    kept.keep("p", "c2", SIGNED)
    assert recalled(kept, ToolUse("long", "f", "{}")).extra == {}
    assert recalled(kept, ToolUse("c0", "f", "{}")).extra == {}
    assert recalled(kept, ToolUse("c1", "f", "{}")).extra == SIGNED
    for n in range(100):
        kept.keep("p", f"big{n}", {"google": "x" * (MOST_OF_ONE - 20)})
    assert recalled(kept, ToolUse("big99", "f", "{}")).extra
    assert recalled(kept, ToolUse("big0", "f", "{}")).extra == {}


def test_the_reasoning_behind_a_call_comes_back_with_its_turn() -> None:
    """Together with what came later with the same call; a client that brings its own knows better."""
    kept = Keepsakes()
    kept.keep("p", "c1", {THOUGHTS: "hm"})
    kept.keep("p", "c1", SIGNED)
    use = ToolUse("c1", "f", "{}")
    call = kept.recall("p", calling(use))

    assert isinstance(call, ChatCall)
    assert call.messages[1].reasoning == "hm"
    assert call.messages[1].tool_calls[0].extra == SIGNED
    own = ChatCall("m", (Message("assistant", "", tool_calls=(use,), reasoning="own"),), {})
    call = kept.recall("p", own)
    assert isinstance(call, ChatCall)
    assert call.messages[0].reasoning == "own"
