"""Importing foretell is cheap and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MAX_MODULES = 180
"""Loaded by `import foretell` and the use of every public name, over a bare interpreter; today about 130."""

HEAVY = {
    "click",
    "genai_prices",
    "httpx",
    "httpx2",
    "jinja2",
    "opentelemetry.exporter",
    "opentelemetry.instrumentation",
    "opentelemetry.proto",
    "opentelemetry.sdk",
    "prometheus_client",
    "pydantic",
    "re2",
    "requests",
    "rich",
    "sqlite3",
    "starlette",
    "structlog",
    "urllib3",
}
"""Loaded when first needed, or with init()."""

SCRIPT = """
import json, sys, threading
before = set(sys.modules)
import foretell
for name in foretell.__all__:
    getattr(foretell, name)
from opentelemetry import trace
print(json.dumps({
    "modules": sorted(set(sys.modules) - before),
    "threads": [thread.name for thread in threading.enumerate()],
    "provider": type(trace.get_tracer_provider()).__name__,
}))
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """What a fresh interpreter holds after `import foretell` and a look at every public name."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_import_loads_few_modules(imported: dict[str, list[str]]) -> None:
    """Each module costs a stat and a read at every start of every script."""
    assert MAX_MODULES >= len(imported["modules"])


def test_import_loads_nothing_heavy(imported: dict[str, list[str]]) -> None:
    """What takes tens of milliseconds waits until it is needed."""
    loaded = {name for name in imported["modules"] for heavy in HEAVY if f"{name}.".startswith(f"{heavy}.")}

    assert set() == loaded


def test_import_starts_no_thread(imported: dict[str, list[str]]) -> None:
    """Threads of an import would be lost in a fork."""
    assert ["MainThread"] == imported["threads"]


def test_import_sets_no_provider(imported: dict[str, list[str]]) -> None:
    """The application's OpenTelemetry is as it was."""
    assert "ProxyTracerProvider" == imported["provider"]
