"""Session replay: the story of one run, from its trace and its logs."""

from __future__ import annotations

from dashboards import page
from dashboards.page import Page, Row
from dashboards.panels import bars, found_traces, log_lines, note, one_trace
from dashboards.queries import signals
from dashboards.traces import TO_REPLAY

_COMMANDS = """\
```sh
foretell show ${run}        # its calls, as a tree, with costs and findings
foretell timeline ${run}    # what happened when
foretell replay ${run}      # run it again, offline, with the recorded answers
```
Logs and spans of the run are below. [Open trace ${trace} in Jaeger](http://127.0.0.1:16686/trace/${trace})
"""

PAGE = Page(
    uid=page.REPLAY,
    title="Foretell / Session replay",
    purpose="What one run did, call by call and line by line. Choose a run in the first table.",
    variables=(*page.AGENTS, page.SERVICE_VARIABLE, page.RUN_VARIABLE, page.TRACE_VARIABLE),
    rows=(
        Row(
            "Choose a run",
            (
                found_traces(
                    "Runs",
                    "The newest runs. A click on a run's id fills the fields above, and all that follows is of that run.",
                    signals.REPLAY_RUNS,
                    width=14,
                    links=TO_REPLAY,
                ),
                note(
                    "On the machine that ran it",
                    "Commands for the chosen run; the local store has its inputs and outputs too.",
                    _COMMANDS,
                    width=10,
                    height=8,
                ),
            ),
        ),
        Row(
            "Its story",
            (
                one_trace(
                    "Calls", "The trace as a waterfall: a call opens to all that is known of it.", signals.REPLAY_TRACE
                ),
                found_traces(
                    "Steps",
                    "The run's calls with model, tool, cost and error; their step index is the order of opening.",
                    signals.REPLAY_CALLS,
                    links=TO_REPLAY,
                ),
                log_lines("What was found", "Findings, explained, with what to do.", signals.REPLAY_FINDINGS),
                bars("Who spoke", "Log lines by their source.", signals.LINES_BY_SOURCE, "short", width=24),
                log_lines("Log", "All lines of the run, oldest first.", signals.REPLAY_LINES),
            ),
        ),
    ),
)
"""The dashboard `foretell-replay`."""
