"""Circles in a graph."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foretell.detectors.resources.graph import find_cycles

NODES = "abcdefg"


def reaches(edges, start, goal):
    """The slow way: walk."""
    seen, left = set(), list(edges.get(start, ()))
    while left:
        node = left.pop()
        if node == goal:
            return True
        if node not in seen:
            seen.add(node)
            left += edges.get(node, ())
    return False


@given(
    st.dictionaries(
        st.sampled_from(NODES), st.lists(st.sampled_from(NODES), unique=True, max_size=4), max_size=len(NODES)
    )
)
def test_nodes_that_reach_themselves_are_in_a_circle_with_those_they_reach(edges):
    """Held against the definition, for every small graph."""
    expected = {
        frozenset(other for other in NODES if reaches(edges, node, other) and reaches(edges, other, node))
        for node in NODES
        if reaches(edges, node, node)
    }

    assert expected == set(find_cycles(edges))


def test_a_chain_longer_than_the_stack_is_followed():
    """Ten thousand waits in a row, the last for the first."""
    count = 10_000
    edges = {str(i): [str((i + 1) % count)] for i in range(count)}

    assert [count] == [len(group) for group in find_cycles(edges)]
