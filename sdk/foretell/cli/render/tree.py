"""Makes a tree of a run's calls, whatever order they came in and whatever is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from foretell.model.call import Call


@dataclass(slots=True)
class Node:
    """A call and the calls made inside it, in order of opening."""

    call: Call
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a drawn tree."""

    call: Call
    guides: tuple[bool, ...]
    """For each level above this one, from the top: whether that branch goes on further below."""
    has_children: bool


def build_tree(calls: Sequence[Call]) -> list[Node]:
    """Return the roots of the run, each with what is below it; every call stands in the tree exactly once.

    A call whose parent is not among the calls is a root, and so is one that a circle of parents leaves unreachable.
    """
    nodes = {call.span_id: Node(call) for call in calls}
    roots: list[Node] = []
    for call in calls:
        parent = None if call.parent_id is None else nodes.get(call.parent_id)
        if parent is None or parent.call is call or call.is_root:
            roots.append(nodes[call.span_id])
        else:
            parent.children.append(nodes[call.span_id])
    reached = {id(row.call) for row in list_rows(roots)}
    return roots + [Node(call) for call in calls if id(call) not in reached]


def list_rows(roots: Iterable[Node]) -> list[Row]:
    """Return the lines of a drawn tree from top to bottom; without recursion, so any depth is fine."""
    rows: list[Row] = []
    waiting: list[tuple[Node, tuple[bool, ...]]] = [(root, ()) for root in reversed(list(roots))]
    while waiting:
        node, guides = waiting.pop()
        rows.append(Row(node.call, guides, bool(node.children)))
        last = len(node.children) - 1
        waiting.extend((node.children[at], (*guides, at != last)) for at in range(last, -1, -1))
    return rows


def draw_guides(guides: Sequence[bool], max_depth: int = 12) -> str:
    """Draw the branch in front of a name: `│  ├─ `; levels past `max_depth` are folded into `⋯`."""
    if not guides:
        return ""
    stem = "".join("│  " if goes_on else "   " for goes_on in guides[:-1][:max_depth])
    fold = "⋯ " if len(guides) - 1 > max_depth else ""
    return stem + fold + ("├─ " if guides[-1] else "╰─ ")
