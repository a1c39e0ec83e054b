"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import click

from foretell.errors import ForetellError
from foretell.model.kinds import Outcome
from foretell.model.run import RunQuery

store_option = click.option(
    "--store", type=click.Path(path_type=Path), help="Directory of the store.  [default: as set, else .foretell]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON of a versioned shape.")
agent_option = click.option("--agent", help="Only runs of this agent.")
session_option = click.option("--session", help="Only runs of this session.")
outcome_option = click.option(
    "--outcome", help="Only runs that ended so: ok, failed, running, cancelled, halted, killed."
)
since_option = click.option("--since", help="Only runs from then on: 30m, 2h, 3d, or 2026-11-21.")
search_option = click.option("--search", help="Only runs in which these words occur.")
content_option = click.option("--content", is_flag=True, help="With inputs and outputs (redacted).")
run_argument = click.argument("run", required=False)
"""Id of the run, or its first digits; the newest where it is left out."""

OUTCOMES = {
    "ok": Outcome.OK,
    "failed": Outcome.ERROR,
    "error": Outcome.ERROR,
    "running": Outcome.OPEN,
    "open": Outcome.OPEN,
    "cancelled": Outcome.CANCELLED,
    "halted": Outcome.HALTED,
    "killed": Outcome.ABORTED,
    "aborted": Outcome.ABORTED,
}
MAX_NS = 2**63 - 1
"""The last moment that 64 bits can say, in the year 2262."""
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def make_query(
    now_ns: int,
    *,
    agent: str | None = None,
    session: str | None = None,
    outcome: str | None = None,
    since: str | None = None,
    text: str | None = None,
    limit: int = 20,
) -> RunQuery:
    """Make a query of what was typed; a value that makes no sense raises `ForetellError` and says what does."""
    if limit < 1:
        raise ForetellError(f"--limit {limit} shows nothing; give a number from 1 on.")
    return RunQuery(
        agent_name=agent,
        session_id=session,
        outcome=None if outcome is None else read_outcome(outcome),
        since_ns=None if since is None else read_moment(since, now_ns),
        text=text,
        limit=limit,
    )


def read_outcome(word: str) -> Outcome:
    """Understand how a run ended, in people's words or in the model's."""
    if word.lower() not in OUTCOMES:
        raise ForetellError(f"--outcome {word!r} is unknown; it is one of: {', '.join(OUTCOMES)}.")
    return OUTCOMES[word.lower()]


def read_moment(text: str, now_ns: int) -> int:
    """Understand `30m`, `2h`, `3d` (ago) or a date with or without a time, local unless it names a zone."""
    ago = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip().lower())
    if ago:
        return max(now_ns - int(float(ago.group(1)) * SECONDS[ago.group(2)] * 1e9), 0)
    try:
        moment_ns = int(datetime.fromisoformat(text.strip().replace("Z", "+00:00")).timestamp()) * 10**9
        return min(max(moment_ns, 0), MAX_NS)
    except (ValueError, OverflowError):
        raise ForetellError(
            f"--since {text!r} is no time; write 30m, 2h, 3d, or a date such as 2026-11-21 or 2026-11-21T14:30."
        ) from None
