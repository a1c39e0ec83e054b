"""Every configuration passes its own server's checker; Prometheus's and Alertmanager's stand in the cheap tiers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.stack.images import ROOT
from tests.support.native_servers import find_server

pytestmark = pytest.mark.stack

DEPLOY = ROOT / "deploy"
COLLECTOR = DEPLOY / "otel-collector"
BESIDE = {
    "FORETELL_TRACES_ENDPOINT": "tempo.example:4317",
    "FORETELL_TRACES_INSECURE": "true",
    "FORETELL_METRICS_ENDPOINT": "http://prometheus.example/v1/metrics",
    "FORETELL_LOGS_ENDPOINT": "http://loki.example/v1/logs",
}


def check(server: str, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and what the checker said; skipped where the server is not built."""
    found = find_server(server)
    if found is None:
        pytest.skip(f"not built: {server}. Type: tools/servers.sh {server} (it needs Go)")
    environment = {**os.environ, **BESIDE}
    done = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("overlay", [(), ("sampling",), ("beside",), ("sampling", "beside")], ids="-".join)
def test_the_collector_takes_its_configuration(overlay: tuple[str, ...]) -> None:
    names = ("config", "names", "secrets", *overlay)
    code, said = check("otelcol", "validate", *(f"--config={COLLECTOR / f'{name}.yaml'}" for name in names))
    assert 0 == code, said


def test_jaeger_takes_its_configuration() -> None:
    code, said = check("jaeger", "validate", "--config", DEPLOY / "jaeger" / "config.yaml")
    assert 0 == code, said


def test_loki_takes_its_configuration() -> None:
    code, said = check("loki", f"-config.file={DEPLOY / 'loki' / 'loki.yaml'}", "-verify-config")
    assert 0 == code, said


def test_pint_has_nothing_to_say_about_the_rules() -> None:
    """Not even a warning."""
    config = Path(__file__).with_name("pint.hcl")
    rules = (DEPLOY / "prometheus" / "rules", DEPLOY / "prometheus" / "stack.yml")
    code, said = check("pint", "--no-color", "--offline", "--config", config, "lint", "--fail-on=warning", *rules)
    assert 0 == code, said


def test_tempo_takes_its_configuration() -> None:
    """Tempo is no Go module: it is asked where somebody has put one."""
    if find_server("tempo") is None:
        pytest.skip("not proven here: there is no `tempo` on PATH or in the folder FORETELL_SERVERS")
    code, said = check("tempo", f"-config.file={DEPLOY / 'tempo' / 'tempo.yaml'}", "-config.verify=true")
    assert 0 == code, said
