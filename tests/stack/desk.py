"""The demo fleet as the stack's user runs it, and what its embedded store holds afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack.runner import Stack

SERVICE = "support-desk"


@dataclass(frozen=True, slots=True)
class Desk:
    """A support desk in a folder of its own."""

    folder: Path
    namespace: str
    """Of its service, so that desks with different settings do not mix."""

    @property
    def job(self) -> str:
        """What Prometheus calls it."""
        return f"{self.namespace}/{SERVICE}"

    def work(self, stack: Stack, **environment: str) -> None:
        """Answer all tickets once, and tell the stack."""
        named = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": stack.url("otel-collector", 4318),
            "OTEL_RESOURCE_ATTRIBUTES": f"service.namespace={self.namespace},deployment.environment.name=test",
        }
        self.ask("demo", "--json", **named, **environment)

    def ask(self, *words: str, **environment: str) -> str:
        """What `foretell` answers there."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
        self.folder.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "foretell.cli", *words],
            cwd=self.folder,
            env={**clean, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def list_runs(self) -> list[dict[str, Any]]:
        """Each run as `foretell runs` tells of it."""
        return list(json.loads(self.ask("runs", "--json", "--limit", "1000"))["runs"])

    def list_spans(self) -> list[dict[str, Any]]:
        """Each span as `foretell export` writes it."""
        requests = map(json.loads, self.ask("export", "-").splitlines())
        return [
            span
            for request in requests
            for part in request["resourceSpans"]
            for scope in part["scopeSpans"]
            for span in scope["spans"]
        ]
