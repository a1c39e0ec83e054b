"""`foretell status` on the running servers: all is well, and what it says when something is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from foretell.stack.road.http import Reply, fetch
from foretell.stack.road.servers import SERVERS, is_stack_running
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

PORTS = {"otel-collector": 4318, "jaeger": 16686, "tempo": 3200, "prometheus": 9090, "loki": 3100, "alertmanager": 9093}
"""As the containers have them: here they are asked at their own addresses."""


def ask_status(stack: Stack, folder: Path, *more: str, **environ: str) -> tuple[int, dict[str, Any]]:
    """Exit code and what it says, with every service that runs here; of two addresses the later holds."""
    words = []
    for server in SERVERS:
        if server.name in stack.services:
            words += ["--at", f"{server.name}={stack.url(server.name, PORTS[server.name])}"]
        else:
            words += ["--without", server.name]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    done = subprocess.run(
        [sys.executable, "-m", "foretell.cli", "status", "--json", *words, *more],
        cwd=folder, env={**clean, **environ}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_probe_arrives_in_every_store(stack: Stack, tmp_path: Path) -> None:
    collector = stack.url("otel-collector", 4318)
    code, shape = ask_status(stack, tmp_path, "--wait", "45", OTEL_EXPORTER_OTLP_ENDPOINT=collector)

    signals = {"jaeger": "traces", "tempo": "traces", "prometheus": "metrics", "loki": "logs"}
    arrived = {one["store"]: one["signal"] for one in shape["probe"] if one["took_s"] is not None}
    assert {store: signal for store, signal in signals.items() if store in stack.services} == arrived, shape
    assert set(stack.services) == {one["name"] for one in shape["services"] if one["is_well"]}
    assert (0, True, "ok") == (code, shape["is_well"], shape["endpoint"]["level"])


def test_a_store_that_is_down_is_named_with_what_to_type(stack: Stack, tmp_path: Path) -> None:
    loki = stack.services["loki"]
    loki.stop(kill=True)
    try:
        code, shape = ask_status(stack, tmp_path)
    finally:
        loki.start()
        stack.wait_for(loki)

    (logs,) = (one for one in shape["probe"] if one["signal"] == "logs")
    assert (1, None) == (code, logs["took_s"])
    assert "Loki is not well" in logs["text"]
    assert "waits in the collector's queue" in logs["text"]
    assert "logs loki" in logs["advice"]
    assert all(one["took_s"] is not None for one in shape["probe"] if one["signal"] != "logs"), shape


def test_a_stack_of_ours_is_known_for_one(stack: Stack) -> None:
    """By its rules, asked where docker-compose.yml publishes it."""
    here = {
        server.url: stack.url(server.name, PORTS[server.name]) for server in SERVERS if server.name in stack.services
    }

    def ask(url: str, body: Any) -> Reply:
        address = next(address for address in here if url.startswith(f"{address}/"))
        return fetch(url.replace(address, here[address]), body)

    assert is_stack_running(ask)


def test_an_address_that_takes_no_otlp_is_told(stack: Stack, tmp_path: Path) -> None:
    """Prometheus in the collector's place."""
    code, shape = ask_status(stack, tmp_path, "--at", f"otel-collector={stack.url('prometheus', 9090)}")

    assert 1 == code
    assert shape["probe"]
    assert all("takes no OTLP (HTTP 404" in one["text"] for one in shape["probe"]), shape
