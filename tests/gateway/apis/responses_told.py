"""A stream of OpenAI's Responses API as a strict client reads it: every event in its place, or a failure."""

import json
import re
from typing import Any

import attrs

ADDED = {"output_text": "text", "refusal": "refusal"}


def told(frames: bytes) -> list[dict[str, Any]]:
    """The events of a stream: numbered from 0 on, and each named as its frame is."""
    events = []
    for frame in frames.decode().split("\n\n")[:-1]:
        name, _, data = frame.partition("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


@attrs.define
class Client:
    """Puts the items together from their pieces, and holds them against what is said to be done."""

    items: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    done: set[int] = attrs.field(factory=set)
    parts: set[tuple[int, int]] = attrs.field(factory=set)
    response: dict[str, Any] | None = None

    def read(self, event: dict[str, Any]) -> None:
        assert self.response is None, "nothing follows the end"
        kind = event["type"].removeprefix("response.")
        if kind in ("created", "in_progress"):
            assert event["response"]["status"] == "in_progress"
            assert event["response"]["output"] == []
        elif kind in ("completed", "incomplete", "failed"):
            self.end(event["response"], kind)
        elif kind.startswith("output_item."):
            self.item(kind, event)
        else:
            assert event["output_index"] not in self.done
            item = self.items[event["output_index"]]
            assert item["id"] == event["item_id"]
            self.piece(kind, item, event)

    def end(self, response: dict[str, Any], kind: str) -> None:
        assert response["status"] == kind
        assert self.done == set(self.items), "all items are done"
        assert [strip(item) for item in response["output"]] == [
            strip(self.items[place]) for place in sorted(self.items)
        ]
        self.response = response

    def item(self, kind: str, event: dict[str, Any]) -> None:
        place, item = event["output_index"], event["item"]
        if kind.endswith("added"):
            assert place == len(self.items), "items are counted up"
            assert item["status"] == "in_progress"
            self.items[place] = item
        else:
            assert strip(item) == strip(self.items[place])
            self.items[place] = item
            self.done.add(place)

    def piece(self, kind: str, item: dict[str, Any], event: dict[str, Any]) -> None:
        name, _, what = kind.rpartition(".")
        if name in ("content_part", "reasoning_summary_part"):
            group = "content" if name == "content_part" else "summary"
            place = event["content_index" if group == "content" else "summary_index"]
            if what == "added":
                assert place == len(item[group])
                item[group].append(event["part"])
            else:
                assert item[group][place] == event["part"]
        elif name == "output_text.annotation":
            notes = item["content"][event["content_index"]]["annotations"]
            assert event["annotation_index"] == len(notes)
            notes.append(event["annotation"])
        elif name in ("function_call_arguments", "custom_tool_call_input"):
            member = "input" if name.startswith("custom") else "arguments"
            if what == "delta":
                item[member] += event["delta"]
            else:
                assert event[member] == item[member]
        else:
            self.text(name, what, item, event)

    def text(self, name: str, what: str, item: dict[str, Any], event: dict[str, Any]) -> None:
        if name == "reasoning_summary_text":
            part, member = item["summary"][event["summary_index"]], "text"
        else:
            part = item["content"][event["content_index"]]
            member = ADDED[name]
            assert part["type"] == name
        if what == "delta":
            part[member] += event["delta"]
            if name == "output_text":
                part["logprobs"] += event["logprobs"]
        else:
            assert event[member] == part[member]


def strip(item: dict[str, Any]) -> dict[str, Any]:
    """The item without what is said of it at its end only."""
    return {name: value for name, value in item.items() if name not in ("status", "extra_content")}


def heard(frames: bytes) -> dict[str, Any]:
    """The answer that a stream ends with, every event before it being in its place."""
    client = Client()
    for event in told(frames):
        client.read(event)
    assert client.response is not None, "the stream has its end"
    return client.response


def component(event: dict[str, Any]) -> str:
    """The name under which the published document describes an event."""
    words = "".join(word.capitalize() for word in re.split(r"[._]", event["type"]))
    shorter = re.sub(r"OutputText(Delta|Done)", r"Text\1", words)
    return f"{shorter}Event" if event["type"] != "error" else "ResponseErrorEvent"
