"""What to do on a page: each trigger's runbook as a page of Grafana, to which its alerts lead."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboards.page import Page, Row
from dashboards.panels import note
from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.prometheus import RUNBOOK_URL
from foretell.triggers.trigger import Trigger

FOLDER: Final = Path(__file__).resolve().parent.parent / "deploy" / "runbooks"
UID: Final = RUNBOOK_URL.rpartition("/")[2]
TAG: Final = "foretell-runbook"
HEIGHT: Final = 24


def make_page(trigger: Trigger) -> Page:
    """Return the page of one runbook; its text is the file in `deploy/runbooks/`."""
    text = (FOLDER / f"{trigger.id}.md").read_text("utf-8")
    panel = note(trigger.id, trigger.meaning, text, height=HEIGHT)
    return Page(
        uid=f"{UID}{trigger.id}",
        title=f"Foretell / Runbook / {trigger.id}",
        purpose=trigger.meaning,
        variables=(),
        rows=(Row("What to do", (panel,)),),
        tag=TAG,
        made_from=f"deploy/runbooks/{trigger.id}.md",
    )


def render_all() -> dict[str, str]:
    """Return every file by its name."""
    return {f"{trigger.id}.json": make_page(trigger).render() for trigger in CATALOGUE}
