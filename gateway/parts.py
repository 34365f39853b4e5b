"""The parts that are our own, and that a library's part can stand in for again: `[server] fast = "none"`.

`routes` are the data plane's, instead of Quart's request context and responses; `http` is the
protocol towards clients, instead of Hypercorn's and h11; `upstream` the HTTP client, instead of httpx and
httpcore.
"""

from typing import Any, Literal, TypeAlias, cast, get_args

Part: TypeAlias = Literal["routes", "http", "upstream"]
PARTS: tuple[Part, ...] = get_args(Part)


def parse_parts(value: Any) -> tuple[Part, ...]:
    """The parts that are named in a text with commas between them, "none" or "all".

    Raises:
        ValueError: the value names something else.
    """
    if value == "none":
        return ()
    if value == "all":
        return PARTS
    names = [name.strip() for name in value.split(",")] if isinstance(value, str) else []
    if not names or not set(names) <= set(PARTS):
        raise ValueError(f'must be "all", "none" or some of {", ".join(PARTS)}')
    return tuple(part for part in PARTS if part in cast("list[Part]", names))
