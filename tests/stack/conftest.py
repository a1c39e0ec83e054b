"""The stack tier runs by `make test-stack` alone: it starts real servers and needs root for their network namespaces."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stack.images import IMAGES, ROOT
from tests.stack.runner import Stack, missing_servers

NEEDED = [image.server for image in IMAGES.values() if image.server != "tempo"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tier out where nobody asked for it."""
    if "stack" in config.getoption("markexpr", ""):
        return
    for item in items:
        if item.get_closest_marker("stack"):
            item.add_marker(pytest.mark.skip(reason="runs real servers: `make test-stack`"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every service of docker-compose.yml that has a native server, running and healthy."""
    if absent := missing_servers(NEEDED):
        pytest.skip(f"not built: {', '.join(absent)}. Type: tools/servers.sh {' '.join(absent)} (it needs Go)")
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and iproute2: run `sudo make test-stack`, or use Docker")
    folder = tmp_path_factory.mktemp("stack")
    _let_pass(folder)
    spec = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    environment = {"FORETELL_ALERT_WEBHOOK_URL": f"http://host.docker.internal:{port}/"}
    with Stack(spec, folder, environment) as running, listen(running.host, port) as running.told:
        running.start()
        yield running


@contextmanager
def listen(host: str, port: int) -> Iterator[list[dict[str, Any]]]:
    """A webhook, and what it was told so far."""
    told: list[dict[str, Any]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((host, port), Webhook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _let_pass(folder: Path) -> None:
    """Each service has its own user, and must reach its folder."""
    for path in (folder, *folder.parents[:2]):
        path.chmod(path.stat().st_mode | 0o011)
