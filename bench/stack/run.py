"""What the stack can take and how soon it answers, on its real servers: a part of `make bench`.

It needs what `make test-stack` needs (`make tools`, root, iproute2); without that it says so and measures nothing.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import yaml

from bench.stack.day import measure_day
from bench.stack.pages import measure_pages
from bench.stack.queryable import measure_queryable
from bench.stack.throughput import measure_throughput
from tests.stack.history import write_history
from tests.stack.holds import shorten_holds
from tests.stack.runner import Stack, missing_servers
from tests.stack.webhook import listen

SERVERS = ("otelcol", "jaeger", "prometheus", "promtool", "alertmanager", "loki")
PARTS: dict[str, tuple[str, Callable[[Stack], list[str]]]] = {
    "queryable": ("From sending to the first answer", measure_queryable),
    "pages": ("From the beginning of a trouble to the webhook", measure_pages),
    "day": ("The dashboards' questions", measure_day),
    "throughput": ("The collector with our configuration", measure_throughput),
}


def find_obstacle() -> str | None:
    """Why nothing can be measured here, and what to type."""
    if absent := missing_servers(SERVERS):
        return f"not built: {', '.join(absent)}. Type: tools/servers.sh {' '.join(absent)} (it needs Go)"
    if os.geteuid() != 0 or not shutil.which("ip"):
        return "network namespaces need root and iproute2: run it with sudo"
    return None


def main(arguments: list[str]) -> int:
    """Print the figures; with names of parts only those."""
    if obstacle := find_obstacle():
        print(f"The stack is not measured: {obstacle}")
        return 0
    parts = arguments or list(PARTS)
    with tempfile.TemporaryDirectory(prefix="foretell-bench-") as folder, socket.socket() as free:
        Path(folder).chmod(0o755)
        free.bind(("", 0))
        port = free.getsockname()[1]
        free.close()
        spec = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
        environment = {"FORETELL_ALERT_WEBHOOK_URL": f"http://host.docker.internal:{port}/"}
        with Stack(spec, Path(folder), environment) as stack, listen(stack.host, port) as stack.told:
            shorten_holds(stack)
            write_history(stack.services["prometheus"])
            stack.start()
            for name in parts:
                title, measure = PARTS[name]
                print(f"\n{title}", *(f"  {line}" for line in measure(stack)), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
