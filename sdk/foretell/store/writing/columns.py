"""The columns of a stored call, named once for writing, moving and reading."""

from __future__ import annotations

CALL_COLUMNS = (
    "run",
    "process",
    "id",
    "trace_id",
    "parent_id",
    "kind",
    "name",
    "agent_name",
    "outcome",
    "start_ns",
    "end_ns",
    "step_index",
    "facts",
    "error",
    "input",
    "output",
)
"""Of finished and of open calls: what SQL asks for, and what every call has. All the rest is JSON in `facts`, because a
column costs 0.4 µs a row, set or not. The texts come last, because SQLite reads a row from its start and a list of calls
never needs them."""

ROW_COLUMNS = ("run", *CALL_COLUMNS[2:-3], "input", "output", "error")
"""What `rows.call_row` gives: the process, and the run's key in place of its id, are known when it is written."""
NO_TAIL, CONTENTS_TAIL, WHOLE_TAIL = len(ROW_COLUMNS) - 3, len(ROW_COLUMNS) - 1, len(ROW_COLUMNS)
"""How many of them a batch writes: without contents and errors, without errors, or all. A None costs half a microsecond."""

OPEN_COLUMNS = (
    "run",
    "process",
    "id",
    "trace_id",
    "parent_id",
    "kind",
    "name",
    "agent_name",
    "outcome",
    "start_ns",
    "end_ns",
    "step_index",
    "facts",
)
"""What is known of a call while it is open, or while it has ended and waits for its price."""

RUN_COLUMNS = (
    "run_id",
    "root",
    "name",
    "agent_name",
    "service_name",
    "trace_id",
    "session_id",
    "user_id",
    "start_ns",
    "end_ns",
    "outcome",
    "error_message",
    "calls",
    "errors",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "unpriced",
    "seen_ns",
)
"""A run's line: facts of its root, sums of its finished calls."""

LOG_COLUMNS = (
    "run_id",
    "time_ns",
    "severity",
    "severity_text",
    "source",
    "span_id",
    "logger",
    "event_name",
    "body",
    "attributes",
)
"""Of a line of a log. It names its run by id, not by key: it may be written before the run's own line is."""

FACTS_MISSING, FACTS_OF_CALL, FACTS_OF_OPEN_ROOT, FACTS_OF_ROOT = -1, 0, 1, 2
"""`root` says whose facts a run's line shows; a higher number wins, and of equals the one that ended last."""
