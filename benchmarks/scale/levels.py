"""The sizes of installations that are compared: one thing grows, all else stays at its least."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import attrs

Dimension: TypeAlias = Literal["projects", "keys", "connections"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


@attrs.frozen
class Level:
    """An installation: projects that ask, upstream keys, and connections that are open and silent."""

    projects: int = 1
    keys: int = 10
    connections: int = 1

    def having(self, dimension: Dimension, size: int) -> "Level":
        """The same with another size of one thing."""
        return attrs.evolve(self, **{dimension: size})

    @property
    def name(self) -> str:
        """For folders and tables."""
        return f"{self.projects} projects, {self.keys} keys, {self.connections} connections"


LEAST = Level()
SIZES: Mapping[Dimension, Sequence[int]] = {
    "projects": (1, 100, 1000),
    "keys": (10, 100, 500),
    "connections": (1, 500, 2000),
}


def levels(sizes: Mapping[Dimension, Sequence[int]], least: Level = LEAST) -> list[Level]:
    """Every installation that these sizes ask for, each once, the least one first."""
    asked = (least.having(dimension, size) for dimension in sizes for size in sizes[dimension])
    return list(dict.fromkeys((least, *asked)))
