"""Runs the stack natively in the foreground, to look at: `make stack`. Ctrl-C ends it, and nothing is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

import yaml

from foretell.stack.ports import try_listening
from tests.stack.images import IMAGES, ROOT
from tests.stack.publishing import Door, list_doors, publish
from tests.stack.runner import Stack, missing_servers

SHOWN = {
    ("otel-collector", 4318): "export OTEL_EXPORTER_OTLP_ENDPOINT={}",
    ("otel-collector", 4317): "OTLP by gRPC: {}",
    ("otel-collector", 9411): "Zipkin: {}/api/v2/spans",
    ("jaeger", 16686): "Jaeger: {}/api/services (built from its module it has no pages)",
    ("prometheus", 9090): "Prometheus: {}",
    ("alertmanager", 9093): "Alertmanager: {}",
    ("loki", 3100): "Loki: {}",
    ("tempo", 3200): "Tempo: {}",
}
"""Service and port → what is said of it."""


def main() -> int:
    """Start everything that is built, publish its ports on loopback, say where it is, and wait."""
    absent = missing_servers(image.server for image in IMAGES.values())
    if os.geteuid() != 0:
        print("Each service gets a network namespace of its own, which needs root: sudo make stack", file=sys.stderr)
        return 1
    spec = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    doors = [door for door in list_doors(spec) if (door.service, door.inner_port) in SHOWN]
    if taken := [door for door in doors if try_listening(door.host, door.port)]:
        print("\n".join(map(_say_taken, taken)), file=sys.stderr)
        return 1
    if absent:
        print(f"Not there, and left out: {', '.join(absent)} (make tools builds all but tempo)")
    with tempfile.TemporaryDirectory(prefix="foretell-stack-") as folder:
        Path(folder).chmod(0o755)
        with Stack(spec, Path(folder), os.environ) as stack:
            stack.start()
            with publish(stack, doors) as places:
                for name, text in SHOWN.items():
                    if name in places:
                        print(text.format(places[name]))
                print("Ctrl-C ends it.", flush=True)
                with contextlib.suppress(KeyboardInterrupt):
                    signal.pause()
    return 0


def _say_taken(door: Door) -> str:
    return (
        f"{door.service} cannot have {door.host}:{door.port}: another program listens there. Stop that, and try again."
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
