"""Runs the stack natively in the foreground, to look at: `make stack`. Ctrl-C ends it, and nothing is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

import yaml

from tests.stack.images import IMAGES, ROOT
from tests.stack.runner import Stack, missing_servers

SHOWN = {
    "otel-collector": (4318, "export OTEL_EXPORTER_OTLP_ENDPOINT={}"),
    "jaeger": (16686, "Jaeger: {}/api/services (built from its module it has no pages)"),
    "prometheus": (9090, "Prometheus: {}"),
    "alertmanager": (9093, "Alertmanager: {}"),
    "loki": (3100, "Loki: {}"),
    "tempo": (3200, "Tempo: {}"),
}


def main() -> int:
    """Start everything that is built, say where it is, and wait."""
    absent = missing_servers(image.server for image in IMAGES.values())
    if os.geteuid() != 0:
        print("Each service gets a network namespace of its own, which needs root: sudo make stack", file=sys.stderr)
        return 1
    if absent:
        print(f"Not there, and left out: {', '.join(absent)} (make tools builds all but tempo)")
    spec = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="foretell-stack-") as folder:
        Path(folder).chmod(0o755)
        with Stack(spec, Path(folder), os.environ) as stack:
            stack.start()
            for name, (port, text) in SHOWN.items():
                if name in stack.services:
                    print(text.format(stack.url(name, port)))
            print("Ctrl-C ends it.", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
