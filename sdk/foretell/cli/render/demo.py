"""Draws what the demo did: tickets, one run as a tree, what was spent, what went wrong, what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.cli.render.costs import render_costs, shape_costs
from foretell.cli.render.run import SEVERITY_STYLES, Look, name_call, render_run
from foretell.cli.render.runs import ID_DIGITS
from foretell.cli.render.sums import sum_by_agent_and_model
from foretell.cli.render.words import OUTCOME_MARKS, OUTCOME_STYLES, count_noun, format_duration, shorten
from foretell.cli.shapes import shape_finding, shape_summary
from foretell.model.kinds import Outcome

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from foretell.demo.roles import TicketResult
    from foretell.model.run import Run


def render_opening(base_url: str | None) -> Text:
    """Draw what is about to happen."""
    from rich.text import Text

    models = "a bundled server" if base_url is None else base_url
    text = Text("\nTen tickets for a support desk of three agents\n", "bold")
    text.append(f"Models are played by {models}; all the rest is real, on this machine.\n", "dim")
    return text


def render_result(result: TicketResult, width: int) -> Text:
    """Draw one line about a ticket that is done: who asked what, and the answer or the trouble."""
    from rich.text import Text

    mark = ("✗", "red") if result.answer is None else ("✓", "green")
    line = Text.assemble(
        mark, " ", (f"{result.ticket.customer:<5}", "bold"), (f"{format_duration(result.seconds):>7}  ", "dim")
    )
    asked = result.ticket.text if width < 100 else f"{result.ticket.text:<64}"
    line.append(asked)
    if width >= 100:
        line.append(f" {result.answer or result.error}", "dim" if result.answer else "red")
    line.truncate(width, overflow="ellipsis")
    return line


def render_demo(
    results: Sequence[TicketResult], runs: Sequence[Run], directory: Path, width: int, now_ns: int
) -> Iterator[RenderableType]:
    """Draw everything that comes after the tickets, part by part."""
    from rich.padding import Padding
    from rich.text import Text

    shown = choose_run(runs)
    if shown is not None:
        yield heading("One of the runs")
        yield render_run(shown, Look(width, now_ns))
    yield heading("What was spent")
    yield Padding(render_costs(sum_by_agent_and_model(runs), width - 2), (0, 0, 0, 2), expand=False)
    if any(run.summary.unpriced_calls for run in runs):
        yield Text("  A price that nobody publishes is unknown, never 0.", "dim")
    yield heading("What went wrong")
    yield from render_troubles(runs, width)
    yield heading("What to type next")
    failed = next((run for run in runs if run.summary.outcome is not Outcome.OK), shown)
    commands = [("foretell runs", "every run, newest first")]
    if failed is not None:
        commands.append(
            (f"foretell show {failed.summary.id[:ID_DIGITS]} --content", "one that failed, with what was said")
        )
    commands.append(("foretell run your_agent.py", "your own, with @foretell.instrument_agent"))
    room = max(len(command) for command, _ in commands)
    for command, reason in commands:
        yield Text.assemble("  ", (f"{command:<{room}}", "bold"), (f"  {reason}", "dim"))
    where = directory.relative_to(Path.cwd()) if directory.is_relative_to(Path.cwd()) else directory
    yield Text(f"\n{count_noun(len(runs), 'run')} of {count_noun(len(results), 'ticket')} kept in {where}\n", "dim")


def heading(title: str) -> Text:
    """Draw the title of a part, with air above."""
    from rich.text import Text

    return Text(f"\n{title}\n", "bold")


def choose_run(runs: Sequence[Run]) -> Run | None:
    """Return the run that shows most: the one with the most calls among those that ended well."""
    well = [run for run in runs if run.summary.outcome is Outcome.OK] or list(runs)
    return max(well, key=lambda run: len(run.calls), default=None)


def render_troubles(runs: Sequence[Run], width: int) -> Iterator[Text]:
    """Draw a line for each run that did not end well, each failed call in one that did, and each finding."""
    from rich.text import Text

    is_quiet = True
    for run in runs:
        summary = run.summary
        failed = [call for call in run.calls if call.error is not None]
        if not failed and not run.findings and summary.outcome is Outcome.OK:
            continue
        is_quiet = False
        line = Text.assemble("  ", (f"{OUTCOME_MARKS[summary.outcome]} ", OUTCOME_STYLES[summary.outcome]))
        line.append(f"{summary.id[:ID_DIGITS]}  ", "dim").append(f"{summary.user_id or summary.name:<5} ")
        # The innermost failed call is the cause; those around it only pass its error on.
        if failed:
            cause = failed[-1]
            reason = f"{cause.error.type.rpartition('.')[2]}: {cause.error.message}" if cause.error else ""
            line.append(f"{cause.kind.value} {name_call(cause)}  ", "dim").append(shorten(reason, 200))
            line.append("  (the agent coped)" if summary.outcome is Outcome.OK else "", "dim")
        line.truncate(width, overflow="ellipsis")
        yield line
        for finding in run.findings:
            style = SEVERITY_STYLES.get(finding.severity.value, "")
            text = Text.assemble("    ", (f"▲ {finding.trigger}  ", style), finding.explanation)
            text.truncate(width, overflow="ellipsis")
            yield text
    if is_quiet:
        yield Text("  Nothing.", "green")


def shape_demo(results: Sequence[TicketResult], runs: Sequence[Run]) -> dict[str, Any]:
    """Make `foretell.demo/1`: the tickets with their answers, their runs, what was spent and what was found."""
    return {
        "schema": "foretell.demo/1",
        "tickets": [
            {
                "id": result.ticket.id,
                "customer": result.ticket.customer,
                "text": result.ticket.text,
                "run_id": result.run_id,
                "answer": result.answer,
                "error": result.error,
                "duration_s": result.seconds,
            }
            for result in results
        ],
        "runs": [shape_summary(run.summary) for run in runs],
        "costs": shape_costs(sum_by_agent_and_model(runs)),
        "findings": [shape_finding(finding) for run in runs for finding in run.findings],
    }
