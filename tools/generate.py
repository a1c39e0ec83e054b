"""Writes the generated files, or says with --check which of them are stale."""

from __future__ import annotations

import importlib
import sys
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent

PAGES = {
    "docs/reference/settings.md": "settings_page:make_page",
    "docs/reference/public_names.txt": "public_names:make_page",
    "docs/reference/triggers.md": "triggers_page:make_page",
    "deploy/otel-collector/names.yaml": "collector_names:render_names",
    "deploy/otel-collector/secrets.yaml": "collector_secrets:render_secrets",
    "deploy/prometheus/rules/triggers.yml": "foretell.triggers.prometheus:render_rules",
    "deploy/prometheus/rules/expected.yml": "foretell.triggers.prometheus:render_expected_agents",
    "dashboards/json/fleet.json": "dashboards.fleet:PAGE.render",
    "dashboards/json/agent.json": "dashboards.agent:PAGE.render",
    "dashboards/json/traces.json": "dashboards.traces:PAGE.render",
    "dashboards/json/errors.json": "dashboards.errors:PAGE.render",
    "dashboards/json/cost.json": "dashboards.cost:PAGE.render",
    "dashboards/json/replay.json": "dashboards.replay:PAGE.render",
    "dashboards/json/triggers.json": "dashboards.triggers:PAGE.render",
    "dashboards/json/stack.json": "dashboards.stack:PAGE.render",
    "docs/reference/dashboards.md": "dashboards.build:make_page",
}
"""File → module (in tools/, dashboards/ or our own) and the function that gives its text."""
FOLDERS = {"deploy/grafana/runbooks": "dashboards.runbooks:render_all"}
"""Folder → the same, of the function that gives the text of each file in it by its name."""


def find_stale(root: Path) -> dict[Path, str]:
    """The generated files whose committed text differs, with the text they should have."""
    texts = {root / name: _load(source)() for name, source in PAGES.items()}
    for folder, source in FOLDERS.items():
        texts |= {root / folder / name: text for name, text in _load(source)().items()}
    return {path: text for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text}


def _load(source: str) -> Callable[[], Any]:
    module, _, function = source.partition(":")
    found: Callable[[], Any] = attrgetter(function)(importlib.import_module(module))
    return found


def main(arguments: list[str]) -> int:
    """Write, or with --check only tell; 1 where something is stale."""
    stale = find_stale(ROOT)
    for path, text in stale.items():
        name = path.relative_to(ROOT)
        if "--check" in arguments:
            print(f"{name} is stale. Run: make generate")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"{name} written")
    if not stale:
        print("generated files: all fresh")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
    sys.exit(main(sys.argv[1:]))
