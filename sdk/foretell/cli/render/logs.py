"""Draws what was logged in a run: warnings and worse, or every line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foretell.cli.render.words import count_noun, format_duration, shorten
from foretell.semconv import genai

if TYPE_CHECKING:
    from rich.text import Text

    from foretell.model.log import LogRecord
    from foretell.model.run import Run

WARNING = 13
"""Severity number from which on lines are shown without being asked for."""
MAX_WARNINGS = 20
_STYLES = ((17, "red"), (13, "yellow"), (9, ""), (0, "dim"))
# Told by the tree above, or too long for a line.
_LEFT_OUT = frozenset({genai.AGENT_NAME, genai.SESSION_ID, genai.EXCEPTION_STACKTRACE})


def choose_logs(logs: Sequence[LogRecord], has_all: bool) -> list[LogRecord]:
    """Keep warnings and worse, or all lines."""
    return [record for record in logs if has_all or record.severity_number >= WARNING]


def render_logs(run: Run, width: int, *, has_all: bool = False, max_lines: int = MAX_WARNINGS) -> Text | None:
    """Draw a run's log lines, each with how far into the run it was and which call logged it; None without any."""
    from rich.text import Text

    chosen = choose_logs(run.logs, has_all)
    shown = chosen[:max_lines]
    names = {call.span_id: call.name for call in run.calls}
    lines = [Text("logs", "dim")] if shown else []
    for record in shown:
        call = names.get(record.span_id or 0) or record.logger
        lines.append(_draw_line(record, call, run.summary.start_ns, width))
    if left := (len(run.logs) - len(shown)):
        word = "more log line" if shown else "log line"
        option = f"--limit {len(run.logs)}" if has_all else "--logs"
        lines.append(Text(f"  {count_noun(left, word)}; see them with {option}", "dim"))
    return Text("\n").join(lines) if lines else None


def _draw_line(record: LogRecord, call: str, start_ns: int, width: int) -> Text:
    from rich.text import Text

    style = next(style for least, style in _STYLES if record.severity_number >= least)
    offset = format_duration(max(record.time_ns - start_ns, 0) / 1e9)
    line = Text.assemble(
        (f"  +{offset:<8} ", "dim"), (f"{record.severity_text:<8} ", style), (f"{call}  ", "dim"), no_wrap=True
    )
    fields = " ".join(f"{key}={_say(value)}" for key, value in record.attributes.items() if key not in _LEFT_OUT)
    line.append(shorten(record.event_name or "" if not record.body else record.body, 2_000))
    line.append(f"  {shorten(fields, 2_000)}" if fields else "", "dim")
    line.truncate(max(width, 20), overflow="ellipsis")
    return line


def _say(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
