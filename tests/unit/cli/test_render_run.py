"""How a run looks on a terminal."""

from __future__ import annotations

from datetime import timezone

import pytest
from builders import (
    MS,
    START_NS,
    draw,
    fail,
    make_call,
    make_model_call,
    make_root,
    make_run,
)

from foretell.cli.render.call import render_call_line
from foretell.cli.render.run import Look, render_run, say_call_cost, say_call_tokens
from foretell.model.facts import AgentTotals, Score
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.usage import Cost, Usage


def look(width=100, **kwargs):
    return Look(width, START_NS + 5000 * MS, zone=timezone.utc, **kwargs)


def drawn(run, width=100, **kwargs):
    return draw(render_run(run, look(width, **kwargs)), width)


def test_a_run_is_a_heading_and_a_tree_with_times_tokens_and_cost():
    root = make_root(2000)
    root.totals = AgentTotals(1, 1, 100, 20, 0.00021, 0)
    run = make_run(
        root,
        make_model_call("gpt-4o-mini", 0, 500, id=2, cost_usd=0.00021),
        make_call(Kind.TOOL, "find_order", 500, 3, id=3),
    )

    assert [
        "✓ triage  ok in 2.00 s",
        "  run a1b2c3d4e5f60718 · 2026-09-21 14:13:20 · desk",
        "  3 calls · 120 tokens (100 in, 20 out) · $0.00021",
        "",
        "agent triage       ━━━━━━━━━━━━━━━━━━━━  2.00 s  120  $0.00021",
        "├─ llm gpt-4o-mini ━━━━━                 500 ms  120  $0.00021",
        "╰─ tool find_order      ╸                  3 ms",
    ] == drawn(run).splitlines()


def test_a_call_without_a_known_price_is_unknown_and_its_run_a_lower_bound():
    root = make_root()
    root.totals = AgentTotals(2, 0, 200, 40, 0.001, 1)
    run = make_run(
        root,
        make_model_call("gpt-4o-mini", 0, 500, id=2, cost_usd=0.001),
        make_model_call("desk-local-8b", 500, 500, id=3, cost_usd=None),
    )
    text = drawn(run)

    assert "cost ≥ $0.0010 (1 call without a known price)" in text
    assert "unknown" == text.splitlines()[-1].split()[-1]
    assert "≥ $0.0010" in text.splitlines()[4]


def test_an_agent_whose_calls_have_no_known_price_costs_unknown_not_nothing():
    root = make_root()
    root.totals = AgentTotals(1, 0, 100, 20, 0.0, 1)

    assert "unknown" == say_call_cost(root)


def test_a_price_of_nothing_is_told_apart_from_no_price():
    call = make_model_call("local", 0, 1, id=2, cost_usd=None)
    call.cost = Cost(0.0, "override")

    assert "$0" == say_call_cost(call)


def test_what_is_estimated_says_so():
    """The tokens, and the cost that is made of them."""
    call = make_model_call("gpt-4o-mini", 0, 1, id=2, cost_usd=0.001)
    call.usage = Usage(uncached_input=150, output=3, is_estimated=True)

    assert ("~153", "~$0.0010") == (say_call_tokens(call), say_call_cost(call))


def test_an_error_is_told_once_where_it_arose():
    root = fail(make_root(), "desk.RefundFailed", "the bank is closed")
    tool = fail(make_call(Kind.TOOL, "refund", 10, 10, id=2), "desk.RefundFailed", "the bank is closed")

    text = drawn(make_run(root, tool))

    assert 1 == text.count("RefundFailed: the bank is closed")
    assert ["✗ agent triage", "╰─ ✗ tool refund"] == [line[:17].rstrip() for line in text.splitlines()[4:6]]
    assert "     RefundFailed: the bank is closed" == text.splitlines()[6]


def test_an_error_that_the_agent_coped_with_is_told_at_its_call():
    tool = fail(make_call(Kind.TOOL, "refund", 10, 10, id=2), "ValueError", "no such order")
    text = drawn(make_run(make_root(), tool))

    assert "✓ triage  ok" in text
    assert "ValueError: no such order" in text


def test_a_running_run_says_for_how_long():
    text = drawn(make_run(make_root(for_ms=None), make_call(Kind.TOOL, "slow", 1000, None, id=2)))

    assert "… triage  running for 5.00 s" in text
    assert "… tool slow" in text
    assert "4.00 s…" in text


def test_a_killed_run_is_not_shown_as_running():
    assert "✗ triage  killed in 2.00 s" in drawn(make_run(make_root(2000, Outcome.ABORTED)))


def test_findings_say_what_is_wrong_and_what_to_do_and_mark_their_call():
    finding = Finding(
        "agent_loop",
        "triage",
        Severity.CRITICAL,
        Verdict.FIRING,
        START_NS,
        None,
        "The same answer four times.",
        "Limit the steps.",
        0.9,
        span_id=2,
    )
    text = drawn(make_run(make_root(), make_call(Kind.TOOL, "poll", 0, 1, id=2), findings=(finding,)))

    assert "╰─ ▲ tool poll" in text
    assert "▲ agent_loop  critical\n  The same answer four times.\n  Limit the steps." in text


def test_scores_stand_below_the_tree():
    run = make_run(make_root(), scores=(Score("resolved", 1.0), Score("tone", 0.4, "curt"), Score("kind", None, "yes")))

    assert "scores  resolved 1   tone 0.4 (curt)   kind (yes)" in drawn(run)


def test_content_is_shown_only_when_asked_for():
    tool = make_call(Kind.TOOL, "find", 0, 1, id=2)
    tool.input_payload = Payload('{"order_id":1042}', 17)
    tool.output_payload = Payload('"shipped"', 9)
    run = make_run(make_root(), tool)

    assert "1042" not in drawn(run)
    assert '     in  {"order_id": 1042}\n     out shipped' in drawn(run, has_content=True)


@pytest.mark.parametrize("width", [20, 30, 44, 60, 76, 80, 100, 140, 220])
def test_no_line_is_wider_than_the_terminal(width):
    deep = [make_call(Kind.TOOL, "a_rather_long_name_of_a_tool", n, 1, id=n + 2, parent=n + 1) for n in range(1, 20)]
    root = fail(make_root(), "E", "m" * 500)
    run = make_run(root, make_call(Kind.AGENT, "x" * 90, 0, 1, id=2), *deep)

    assert width >= max(len(line.rstrip()) for line in drawn(run, width).splitlines())


def test_columns_leave_a_narrow_terminal_one_by_one():
    root = make_root()
    run = make_run(root, make_model_call("gpt-4o-mini", 0, 500, id=2, cost_usd=0.00021))

    def last_line(width):
        return drawn(run, width).splitlines()[-1].split()

    assert ["╰─", "llm", "gpt-4o-mini", "━━━━", "500", "ms", "120", "$0.00021"] == last_line(80)
    assert ["╰─", "llm", "gpt-4o-mini", "500", "ms", "120", "$0.00021"] == last_line(70)
    assert ["╰─", "llm", "gpt-4o-mini", "500", "ms", "$0.00021"] == last_line(50)
    assert ["╰─", "llm", "gpt-4o-mini", "500", "ms"] == last_line(40)


def test_a_very_long_run_is_cut_and_says_so():
    calls = [make_call(Kind.TOOL, f"t{n}", n, 1, id=n + 2) for n in range(1, 1000)]
    text = drawn(make_run(make_root(), *calls), max_rows=10)

    assert "… 990 more calls; see them with --limit 1000" == text.splitlines()[-1]


def test_a_name_with_markup_or_control_characters_is_shown_as_it_is():
    text = drawn(make_run(make_root(), make_call(Kind.TOOL, "[bold]x[/bold]", 0, 1, id=2)))

    assert "tool [bold]x[/bold]" in text


def test_a_call_that_ended_is_one_line():
    call = fail(make_call(Kind.TOOL, "refund", 0, 250, id=2), "desk.RefundFailed", "closed")

    assert "14:13:20  a1b2c3d4  ✗ triage ▸ tool refund  250 ms  RefundFailed: closed\n" == draw(
        render_call_line(call, 100, zone=timezone.utc)
    )
