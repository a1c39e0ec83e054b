"""Finds circles in a graph of who waits for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


def find_cycles(edges: Mapping[str, Iterable[str]]) -> list[frozenset[str]]:
    """Return each group of nodes that all reach each other (Tarjan), and each node that waits for itself.

    Without recursion: a chain of waits may be longer than Python's stack.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    is_waiting: set[str] = set()
    found: list[frozenset[str]] = []
    for root in edges:
        if root in order:
            continue
        path: list[tuple[str, Iterator[str]]] = []
        _enter(root, edges, order, low, waiting, is_waiting, path)
        while path:
            node, targets = path[-1]
            target = next(targets, None)
            if target is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == order[node]:
                    found.append(_close(node, waiting, is_waiting))
            elif target not in order:
                _enter(target, edges, order, low, waiting, is_waiting, path)
            elif target in is_waiting:
                low[node] = min(low[node], order[target])
    return [group for group in found if len(group) > 1 or _waits_for_itself(group, edges)]


def _enter(
    node: str,
    edges: Mapping[str, Iterable[str]],
    order: dict[str, int],
    low: dict[str, int],
    waiting: list[str],
    is_waiting: set[str],
    path: list[tuple[str, Iterator[str]]],
) -> None:
    order[node] = low[node] = len(order)
    waiting.append(node)
    is_waiting.add(node)
    path.append((node, iter(edges.get(node, ()))))


def _close(node: str, waiting: list[str], is_waiting: set[str]) -> frozenset[str]:
    group = set()
    while node not in group:
        member = waiting.pop()
        is_waiting.discard(member)
        group.add(member)
    return frozenset(group)


def _waits_for_itself(group: frozenset[str], edges: Mapping[str, Iterable[str]]) -> bool:
    (node,) = group
    return node in edges.get(node, ())
