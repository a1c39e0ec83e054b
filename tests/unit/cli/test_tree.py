"""The tree of a run's calls."""

from __future__ import annotations

from builders import ROOT_ID, make_call, make_root

from foretell.cli.render.tree import build_tree, draw_guides, list_rows
from foretell.model.kinds import Kind


def drawn(*calls):
    return [draw_guides(row.guides) + row.call.name for row in list_rows(build_tree(calls))]


def test_calls_stand_below_their_parents_in_order_of_opening():
    calls = (
        make_root(),
        make_call(Kind.AGENT, "orders", 1, 1, id=2),
        make_call(Kind.TOOL, "find", 2, 1, id=3, parent=2),
        make_call(Kind.TOOL, "ship", 3, 1, id=4, parent=2),
        make_call(Kind.LLM, "model", 4, 1, id=5),
    )

    assert ["triage", "├─ orders", "│  ├─ find", "│  ╰─ ship", "╰─ model"] == drawn(*calls)


def test_a_call_whose_parent_is_missing_is_shown_at_the_top():
    assert ["triage", "lost"] == drawn(make_root(), make_call(Kind.TOOL, "lost", 1, 1, id=9, parent=404))


def test_the_root_of_a_run_inside_somebody_elses_trace_is_at_the_top():
    root = make_root()
    root.parent_id = 2
    foreign = make_call(Kind.SPAN, "GET /", 1, 1, id=2)

    assert ["triage", "╰─ GET /"] == drawn(root, foreign)


def test_a_circle_of_parents_loses_no_call():
    calls = (
        make_root(),
        make_call(Kind.TOOL, "a", 1, 1, id=2, parent=3),
        make_call(Kind.TOOL, "b", 1, 1, id=3, parent=2),
    )

    assert ["triage", "a", "b"] == drawn(*calls)


def test_a_very_deep_tree_is_drawn():
    chain = [make_call(Kind.STEP, f"s{n}", n, 1, id=n + 1, parent=n or ROOT_ID) for n in range(5000)]

    assert 5000 == len(drawn(*chain))
    assert "   " * 12 + "⋯ ╰─ s4999" == drawn(*chain)[-1]
