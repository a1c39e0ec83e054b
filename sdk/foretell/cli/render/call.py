"""Draws one call on one line, for `foretell tail`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.cli.render.run import (
    KIND_STYLES,
    SEVERITY_STYLES,
    list_content_lines,
    name_call,
    say_call_cost,
    say_call_tokens,
)
from foretell.cli.render.runs import ID_DIGITS
from foretell.cli.render.words import (
    OUTCOME_MARKS,
    OUTCOME_STYLES,
    OUTCOME_WORDS,
    format_clock,
    format_duration,
    printable,
    shorten,
)
from foretell.model.kinds import Outcome

if TYPE_CHECKING:
    from datetime import tzinfo

    from rich.text import Text

    from foretell.model.call import Call
    from foretell.model.finding import Finding


def render_call_line(call: Call, width: int, has_content: bool = False, zone: tzinfo | None = None) -> Text:
    """Draw when a call ended, of which run and agent, what it was, what it took, and why it failed."""
    from rich.text import Text

    style = OUTCOME_STYLES[call.outcome]
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{format_clock(call.end_ns or call.start_ns, zone)[11:]}  ", "dim")
    if width >= 60:
        line.append(f"{call.run_id[:ID_DIGITS]}  ", "dim")
    line.append(f"{OUTCOME_MARKS[call.outcome]} ", style)
    name = f"{call.kind.value} "
    is_own = call.agent_name is None or call.agent_name == call.name
    line.append("" if is_own else f"{printable(call.agent_name or '')} ▸ ", "dim")
    line.append(name, "dim").append(name_call(call), KIND_STYLES.get(call.kind, "default"))
    figures = [format_duration(call.duration_s), say_call_tokens(call), say_call_cost(call)]
    if figures[1]:
        figures[1] += " tokens"
    line.append("  " + " · ".join(figure for figure in figures if figure))
    if call.outcome is not Outcome.OK:
        why = OUTCOME_WORDS[call.outcome]
        if call.error is not None:
            why = f"{call.error.type.rpartition('.')[2]}: {call.error.message}".removesuffix(": ")
        line.append(f"  {shorten(why, 200)}", style)
    line.truncate(width, overflow="ellipsis")
    if has_content:
        for word, payload in (("in ", call.input_payload), ("out", call.output_payload)):
            for at, text in enumerate(() if payload is None else list_content_lines(payload.text, max(width - 14, 20))):
                line.append(f"\n          {word if at == 0 else '   '} ", "dim").append(text, "italic")
    return line


def render_finding_line(finding: Finding, width: int, zone: tzinfo | None = None) -> Text:
    """Draw when a finding began or ended, of which run and agent it is, and what it says."""
    from rich.text import Text

    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{format_clock(finding.end_ns or finding.onset_ns, zone)[11:]}  ", "dim")
    if width >= 60:
        line.append(f"{(finding.run_id or '')[:ID_DIGITS]:{ID_DIGITS}}  ", "dim")
    style = SEVERITY_STYLES.get(finding.severity.value, "")
    if finding.end_ns is None:
        line.append(f"▲ {finding.trigger}", style)
    else:
        line.append(f"▽ {finding.trigger}", "dim").append(
            f"  over after {format_duration((finding.end_ns - finding.onset_ns) / 1e9)}", "dim"
        )
    if finding.agent_name:
        line.append(f"  {printable(finding.agent_name)}", "dim")
    line.append(f"  {shorten(finding.explanation, 300)}")
    line.truncate(width, overflow="ellipsis")
    return line
