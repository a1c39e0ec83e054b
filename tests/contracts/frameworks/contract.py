"""What is promised of one framework: its program, its packages, and the record that it has to leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

ALL_CASES = ("plain", "stream", "async", "error")


class Sort(str, Enum):
    """What the report counts apart."""

    AGENTS = "agent framework"
    CLIENT = "client"
    PROTOCOL = "protocol"
    LOWEST = "lowest version"


@dataclass(frozen=True)
class Family:
    """Packages that share an environment."""

    name: str
    packages: tuple[str, ...]
    """As pip takes them, each in a range."""
    extras: tuple[str, ...]
    """Of ours: what the documentation tells users to install."""


@dataclass(frozen=True)
class Contract:
    """One framework."""

    name: str
    """The integration's name, or one that begins with it."""
    title: str
    sort: Sort
    family: Family
    program: str
    """Below programs/, without `.py`."""
    tree: str
    """What each case leaves: a line for each call, two blanks deeper than its parent's; `!` marks what failed."""
    off: tuple[str, ...]
    """Integrations without which the record lacks something."""
    lost: tuple[str, ...] = ()
    """Beginnings of lines that are then lost; empty: every line."""
    cases: tuple[str, ...] = ALL_CASES
    trees: Mapping[str, str] = field(default_factory=dict)
    """Case → its own tree, where it differs."""
    untold: tuple[str, ...] = ()
    """Cases in which the framework does not ask for counts of tokens."""
    tells_streams: bool = True
    """False where a model call that streamed does not say so."""
    is_priced: bool = True
    is_summed: bool = False
    """True where the requests are made in another process, which tells outputs only summed up, and retries not at all."""

    def tree_of(self, case: str) -> str:
        return (self.trees.get(case) or self.tree).strip("\n")


def agent_tree(
    *, agent: str = "agent weather_agent", llm: str = "llm gpt-4o-mini", tool: str = "tool get_weather"
) -> str:
    """An agent of which each turn stands right below it."""
    return f"{agent}\n  {llm}\n  {tool}\n  {llm}"


def fail(tree: str, *lines: int) -> str:
    """The tree with these lines (from 0) failed, and nothing after the last of them."""
    rows = tree.strip("\n").splitlines()
    for line in lines:
        rows[line] += " !"
    return "\n".join(rows)
