"""Draws and shapes what the doctor found."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from foretell.cli.checks import NOTE, OK, TROUBLE, Check
from foretell.settings import SETTINGS, Settings, Source

if TYPE_CHECKING:
    from rich.console import RenderableType

    from foretell.store.health import StoreHealth

MARKS = {OK: ("✓", "green"), NOTE: ("•", "yellow"), TROUBLE: ("✗", "red")}
ALWAYS_SHOWN = ("store", "service_name", "content", "otlp_endpoint")
"""Settings that are shown even at their default."""


def render_doctor(settings: Settings, checks: Sequence[Check], width: int, is_all: bool) -> Iterator[RenderableType]:
    """Draw the checks, then the settings with where each came from."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=max(width - 16, 20))
    for check in checks:
        text = Text(check.text)
        if check.advice:
            text.append(f"\n{check.advice}", "dim")
        table.add_row(Text(*MARKS[check.level]), Text(check.subject, "dim"), text)
    yield table
    yield Text("\nSettings\n", "bold")
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        grid.add_column(overflow="fold")
    grid.add_column(style="dim", overflow="fold")
    for row in SETTINGS:
        origin = settings.origin_of(row.name)
        if is_all or row.name in ALWAYS_SHOWN or origin.source is not Source.DEFAULT:
            grid.add_row(Text(f"  {row.name}"), Text(settings.show(row.name) or "–"), Text(str(origin)))
    yield grid
    if not is_all:
        yield Text("\nAll others are at their default; see them with foretell doctor --all", "dim")


def shape_doctor(settings: Settings, health: StoreHealth, checks: Sequence[Check]) -> dict[str, Any]:
    """Make `foretell.doctor/1`."""
    from foretell import __version__

    return {
        "schema": "foretell.doctor/1",
        "version": __version__,
        "python": platform.python_version(),
        "has_trouble": any(check.level == TROUBLE for check in checks),
        "checks": [
            {"subject": check.subject, "level": check.level, "text": check.text, "advice": check.advice or None}
            for check in checks
        ],
        "settings": [
            {"name": row.name, "value": settings.show(row.name), "origin": str(settings.origin_of(row.name))}
            for row in SETTINGS
        ],
        "store": {
            "file": str(health.file),
            "exists": health.exists,
            "size_bytes": health.size_bytes,
            "wal_bytes": health.wal_bytes,
            "layout": health.layout,
            "runs": health.run_count,
            "calls": health.call_count,
            "open_calls": health.open_count,
            "outbox_requests": health.outbox_count,
            "outbox_bytes": health.outbox_bytes,
            "processes_alive": len(health.alive),
        },
        "counts": dict(sorted(health.counts.items())),
    }
