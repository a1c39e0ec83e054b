"""Draws one run: a heading, the tree of its calls with times, tokens and cost, its findings, logs and scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foretell.cli.render.logs import MAX_WARNINGS, render_logs
from foretell.cli.render.tree import Row, build_tree, draw_guides, list_rows
from foretell.cli.render.words import (
    OUTCOME_MARKS,
    OUTCOME_STYLES,
    UNKNOWN,
    count_noun,
    format_clock,
    format_cost,
    format_count,
    format_duration,
    printable,
    say_outcome,
    shorten,
)
from foretell.model.facts import InferenceFacts
from foretell.model.kinds import Kind, Outcome

if TYPE_CHECKING:
    from datetime import tzinfo

    from rich.console import RenderableType
    from rich.text import Text

    from foretell.model.call import Call
    from foretell.model.finding import Finding
    from foretell.model.run import Run, RunSummary

KIND_STYLES = {
    Kind.AGENT: "bold blue",
    Kind.WORKFLOW: "bold blue",
    Kind.LLM: "magenta",
    Kind.EMBEDDINGS: "magenta",
    Kind.TOOL: "cyan",
    Kind.RETRIEVER: "cyan",
    Kind.MEMORY: "cyan",
}
SEVERITY_STYLES = {"critical": "bold red", "warning": "yellow", "info": "blue"}
MAX_ROWS = 200
"""Calls drawn unless more are asked for; a terminal is no place for ten thousand lines."""


@dataclass(frozen=True, slots=True)
class Look:
    """How wide and how detailed a run is drawn."""

    width: int
    now_ns: int
    has_content: bool = False
    max_rows: int = MAX_ROWS
    has_logs: bool = False
    """Every log line, not only warnings and worse."""
    zone: tzinfo | None = None
    """Time zone of the heading; None for the machine's own."""

    @property
    def max_logs(self) -> int:
        """Room for log lines: as many as calls where they were asked for."""
        return self.max_rows if self.has_logs else min(self.max_rows, MAX_WARNINGS)

    @property
    def bar_width(self) -> int:
        """Room for the time bars: none on a narrow terminal."""
        return 0 if self.width < 76 else min(self.width // 5, 30)

    @property
    def has_tokens(self) -> bool:
        """True where a column of tokens still fits."""
        return self.width >= 60

    @property
    def has_cost(self) -> bool:
        """True where a column of costs still fits."""
        return self.width >= 44


def render_run(run: Run, look: Look) -> RenderableType:
    """Draw a whole run for a terminal of `look.width` columns."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    parts: list[RenderableType] = [render_heading(run.summary, look), Text(""), render_tree(run, look)]
    if run.findings:
        parts += [Text(""), render_findings(run.findings)]
    if run.logs and (logs := render_logs(run, look.width, has_all=look.has_logs, max_lines=look.max_logs)):
        parts += [Text(""), logs]
    if run.scores:
        scores = "   ".join(_say_score(score.name, score.value, score.label) for score in run.scores)
        parts += [Text(""), Padding(Text.assemble(("scores  ", "dim"), scores), (0, 0, 0, 2), expand=False)]
    return Group(*parts)


def render_heading(summary: RunSummary, look: Look) -> RenderableType:
    """Draw what is known of a run in three lines: how it ended, whose it was, what it took."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    mark, word, style = say_outcome(summary)
    seconds = ((summary.end_ns or look.now_ns) - summary.start_ns) / 1e9
    whose = [f"run {summary.id}", format_clock(summary.start_ns, look.zone), summary.service_name]
    whose += [f"session {summary.session_id}"] if summary.session_id else []
    whose += [f"user {summary.user_id}"] if summary.user_id else []
    title = Text.assemble((f"{mark} ", style), (printable(summary.name), "bold"))
    title.append(f"  {word}", style)
    title.append(f" {'for' if summary.end_ns is None else 'in'} {format_duration(seconds)}")
    return Group(
        title,
        Padding(Text(" · ".join(part for part in whose if part), "dim"), (0, 0, 0, 2), expand=False),
        Padding(Text(" · ".join(list_sums(summary))), (0, 0, 0, 2), expand=False),
    )


def list_sums(summary: RunSummary) -> list[str]:
    """Say calls, failures, tokens and cost of a run, each in a few words."""
    tokens = summary.input_tokens + summary.output_tokens
    sums = [count_noun(summary.call_count, "call")]
    sums += [f"{summary.error_count:,} failed"] if summary.error_count else []
    if tokens:
        sums.append(f"{count_noun(tokens, 'token')} ({summary.input_tokens:,} in, {summary.output_tokens:,} out)")
    if summary.cost_usd is not None or summary.unpriced_calls:
        sums.append(say_cost(summary.cost_usd, summary.unpriced_calls))
    return sums


def say_cost(usd: float | None, unpriced_calls: int) -> str:
    """Say a sum of costs in a sentence: `$0.0021`, `cost ≥ $0.0012 (2 calls have no known price)`, `cost unknown`."""
    said = format_cost(usd, unpriced_calls)
    if not unpriced_calls:
        return said
    return f"cost {said} ({count_noun(unpriced_calls, 'call')} without a known price)"


def render_tree(run: Run, look: Look) -> Text:
    """Draw the tree of a run's calls, one line each, and under a failed call the reason."""
    from rich.text import Text

    rows = list_rows(build_tree(run.calls))
    shown = rows[: look.max_rows]
    suspects = {finding.span_id for finding in run.findings if finding.span_id is not None}
    names = [_draw_name(row, row.call.span_id in suspects) for row in shown]
    figures = _draw_figures(shown, look)
    figures_width = max((figure.cell_len for figure in figures), default=0)
    room = look.width - figures_width - (look.bar_width + 2 if look.bar_width else 2)
    name_width = min(max((name.cell_len for name in names), default=0), max(room, 8))
    causes = _find_causes(run.calls)
    lines: list[Text] = []
    for row, name, figure in zip(shown, names, figures, strict=True):
        name.truncate(name_width, overflow="ellipsis", pad=True)
        bar = draw_bar(row.call, run.summary, look) if look.bar_width else Text("")
        lines.append(Text.assemble(name, " ", bar, " ", figure, no_wrap=True))
        lines.extend(_list_notes(row, look, has_reason=row.call.span_id in causes))
    if len(rows) > len(shown):
        left_out = count_noun(len(rows) - len(shown), "more call")
        lines.append(Text(f"… {left_out}; see them with --limit {len(rows)}", "dim"))
    for line in lines:
        line.rstrip()
    return Text("\n").join(lines)


def _draw_figures(rows: Sequence[Row], look: Look) -> list[Text]:
    """Return duration, tokens and cost of each call, in columns as wide as they need to be."""
    from rich.text import Text

    cells = [_list_figures(row.call, look) for row in rows]
    widths = [max(len(cell) for cell, _ in column) for column in zip(*cells, strict=True)]
    figures = []
    for line in cells:
        text = Text()
        for (cell, style), width in zip(line, widths, strict=True):
            text.append(f" {cell:>{width}} " if width else "", style)
        figures.append(text)
    return figures


def _list_figures(call: Call, look: Look) -> list[tuple[str, str]]:
    """Return the figures of a call that there is room for, each with its style."""
    if call.end_ns is None:
        figures = [(format_duration((look.now_ns - call.start_ns) / 1e9) + "…", "cyan")]
    else:
        figures = [(format_duration(call.duration_s), "")]
    if look.has_tokens:
        figures.append((say_call_tokens(call), "dim"))
    if look.has_cost:
        cost = say_call_cost(call)
        figures.append((cost, "yellow" if cost == UNKNOWN or cost.startswith("≥") else ""))
    return figures


def _draw_name(row: Row, is_suspect: bool) -> Text:
    """Draw branch, mark of trouble, kind and name of a call."""
    from rich.text import Text

    call = row.call
    text = Text(draw_guides(row.guides), "dim", no_wrap=True, overflow="ellipsis")
    if call.outcome is not Outcome.OK:
        text.append(f"{OUTCOME_MARKS[call.outcome]} ", OUTCOME_STYLES[call.outcome])
    if is_suspect:
        text.append("▲ ", "yellow")
    text.append(f"{call.kind.value} ", "dim")
    text.append(name_call(call), "red" if call.outcome is Outcome.ERROR else KIND_STYLES.get(call.kind, "default"))
    return text


def name_call(call: Call) -> str:
    """Return the name by which people know a call: of a model call the model, whatever the function is called."""
    facts = call.facts
    if isinstance(facts, InferenceFacts):
        return printable(facts.request_model or facts.response_model or call.name)
    return printable(call.name)


def _find_causes(calls: Sequence[Call]) -> set[int]:
    """Return the calls whose error is told: an error that came up from a call below is told there only."""
    from_below = {(call.parent_id, call.error.type, call.error.message) for call in calls if call.error is not None}
    return {
        call.span_id
        for call in calls
        if call.error is not None and (call.span_id, call.error.type, call.error.message) not in from_below
    }


def draw_bar(call: Call, summary: RunSummary, look: Look) -> Text:
    """Draw when in the run a call was at work, as a line on the run's own scale."""
    from rich.text import Text

    run_end_ns = summary.end_ns or look.now_ns
    span_ns = max(run_end_ns - summary.start_ns, 1)
    halves = look.bar_width * 2
    first = (call.start_ns - summary.start_ns) * halves // span_ns
    last = -(-((call.end_ns or run_end_ns) - summary.start_ns) * halves // span_ns)
    first = min(max(first, 0), halves - 1)
    last = min(max(last, first + 1), halves)
    style = OUTCOME_STYLES[call.outcome] if call.outcome is not Outcome.OK else KIND_STYLES.get(call.kind, "dim")
    return Text(_draw_line(first, last).ljust(look.bar_width), style.removeprefix("bold "))


def _draw_line(first: int, last: int) -> str:
    """Draw a line from one half of a cell up to another, which is beyond it."""
    before, cells = first // 2, (last + 1) // 2 - first // 2
    if cells == 1:
        return " " * before + ("━" if last - first == 2 else "╺" if first % 2 else "╸")
    return " " * before + ("╺" if first % 2 else "━") + "━" * (cells - 2) + ("╸" if last % 2 else "━")


def say_call_tokens(call: Call) -> str:
    """Say the tokens of a model call, or of everything below an agent; empty where there can be none."""
    if call.usage is not None:
        return _mark_estimate(call) + format_count(call.usage.input_tokens + call.usage.output_tokens)
    if call.totals is not None and (call.totals.input_tokens or call.totals.output_tokens):
        return format_count(call.totals.input_tokens + call.totals.output_tokens)
    return ""


def _mark_estimate(call: Call) -> str:
    return "~" if call.usage is not None and call.usage.is_estimated else ""


def say_call_cost(call: Call) -> str:
    """Say the cost of a model call, or of everything below an agent; `unknown` where it has a price we do not know."""
    if call.cost is not None:
        return _mark_estimate(call) + format_cost(call.cost.amount_usd)
    if isinstance(call.facts, InferenceFacts) or call.kind in (Kind.LLM, Kind.EMBEDDINGS):
        return UNKNOWN if call.outcome is Outcome.OK or call.usage is not None else ""
    totals = call.totals
    if totals is None or not (totals.cost_usd or totals.unpriced_calls or totals.input_tokens):
        return ""
    return format_cost(totals.cost_usd or (None if totals.unpriced_calls else 0.0), totals.unpriced_calls)


def _list_notes(row: Row, look: Look, has_reason: bool) -> Iterable[Text]:
    """Return the lines below a call: why it failed and, when asked for, what went in and out."""
    from rich.text import Text

    call = row.call
    stem = "".join("│  " if goes_on else "   " for goes_on in row.guides) + ("│ " if row.has_children else "  ")
    room = max(look.width - len(stem) - 4, 20)
    if has_reason and call.error is not None and call.outcome is not Outcome.OK:
        reason = f"{call.error.type.rpartition('.')[2]}: {call.error.message}".removesuffix(": ")
        yield Text.assemble((stem, "dim"), (shorten(reason, room + 4), "red"))
    if look.has_content:
        for word, payload in (("in  ", call.input_payload), ("out ", call.output_payload)):
            lines = [] if payload is None else list_content_lines(payload.text, room)
            for at, line in enumerate(lines):
                yield Text.assemble((stem, "dim"), (word if at == 0 else "    ", "dim"), (line, "italic"))


def list_content_lines(document: str, width: int, max_lines: int = 12) -> list[str]:
    """Break a payload's JSON into lines for reading; what goes past `max_lines` is left out with an ellipsis."""
    import json
    import textwrap

    try:
        value = json.loads(document)
    except ValueError:
        value = document
    pretty = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str) and len(pretty) > width:
        pretty = json.dumps(value, ensure_ascii=False, indent=2)
    lines = [
        printable(part)
        for line in pretty.splitlines()
        for part in textwrap.wrap(line, width, drop_whitespace=False) or [""]
    ]
    return lines if len(lines) <= max_lines else [*lines[: max_lines - 1], "…"]


def render_findings(findings: Sequence[Finding]) -> RenderableType:
    """Draw what is about to go wrong, and what to do about it."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    parts: list[RenderableType] = []
    for finding in findings:
        style = SEVERITY_STYLES.get(finding.severity.value, "")
        head = Text.assemble((f"▲ {finding.trigger}", style), f"  {finding.severity.value}")
        if finding.end_ns is not None:
            head.append(f" · over after {format_duration((finding.end_ns - finding.onset_ns) / 1e9)}", "dim")
        parts.append(head)
        parts.append(Padding(Text(finding.explanation), (0, 0, 0, 2), expand=False))
        if finding.advice:
            parts.append(Padding(Text(finding.advice, "dim"), (0, 0, 0, 2), expand=False))
    return Group(*parts)


def _say_score(name: str, value: float | None, label: str | None) -> str:
    """Say one score: `helpful 1`, `tone 0.4 (curt)`."""
    said = name if value is None else f"{name} {value:g}"
    return f"{said} ({label})" if label else said
