"""`opentelemetry-instrument` finds us: as a distro, beside another one, and under a declarative configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

AGENT = """
from opentelemetry import trace

tracer = trace.get_tracer("some.framework")
with tracer.start_as_current_span("x", attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}):
    with tracer.start_as_current_span("y", attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}):
        pass
"""
OTHER = """
from opentelemetry import trace
from opentelemetry.instrumentation.distro import BaseDistro
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

class Distro(BaseDistro):
    def _configure(self, **kwargs):
        pass

class Configurator:
    def configure(self, **kwargs):
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=lambda span: "theirs " + span.name + chr(10))))
        trace.set_tracer_provider(provider)
"""
BY_FILE = """
from opentelemetry.configuration import configure_sdk, load_config_file
from opentelemetry.instrumentation.distro import BaseDistro

class Distro(BaseDistro):
    def _configure(self, **kwargs):
        pass

class Configurator:
    def configure(self, **kwargs):
        configure_sdk(load_config_file("otel.yaml"))
"""
OTHER_ENTRY_POINTS = """
[opentelemetry_distro]
other = other_distro:Distro
[opentelemetry_configurator]
other = other_distro:Configurator
"""


def clean_environment():
    """The environment without what others have set about recording."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("FORETELL_", "OTEL_"))}


@pytest.fixture
def instrument(tmp_path):
    """Runs the agent under `opentelemetry-instrument`, and gives what it printed and what is in the store."""
    (tmp_path / "agent.py").write_text(AGENT)
    (tmp_path / "other_distro.py").write_text(OTHER)
    about = tmp_path / "other-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (about / "entry_points.txt").write_text(OTHER_ENTRY_POINTS)

    def run(**environment):
        program = "from opentelemetry.instrumentation.auto_instrumentation import run; run()"
        done = subprocess.run(
            [sys.executable, "-c", program, sys.executable, "agent.py"],
            cwd=tmp_path,
            env={**clean_environment(), "PYTHONPATH": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        listed = subprocess.run(
            [sys.executable, "-m", "foretell.cli", "runs", "--json"],
            cwd=tmp_path,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done, json.loads(listed.stdout)["runs"]

    return run


def test_as_the_distro_we_record_what_the_programs_instrumentors_tell(instrument):
    """Nothing but the environment says so."""
    done, runs = instrument(OTEL_PYTHON_DISTRO="foretell", OTEL_PYTHON_CONFIGURATOR="foretell")

    assert [("planner", 2)] == [(run["name"], run["calls"]) for run in runs]
    assert "fault" not in done.stderr


def test_beside_another_distro_the_instrumentor_attaches_to_its_provider(instrument):
    """Theirs exports as before, and the record is ours."""
    done, runs = instrument(OTEL_PYTHON_DISTRO="other", OTEL_PYTHON_CONFIGURATOR="other")

    assert ["theirs y", "theirs x"] == done.stdout.splitlines()
    assert [("planner", 2)] == [(run["name"], run["calls"]) for run in runs]


def test_switched_off_by_its_name_the_instrumentor_does_nothing(instrument):
    """OpenTelemetry's own variable holds for us."""
    done, runs = instrument(
        OTEL_PYTHON_DISTRO="other",
        OTEL_PYTHON_CONFIGURATOR="other",
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="foretell",
    )

    assert (["theirs y", "theirs x"], []) == (done.stdout.splitlines(), runs)


CONFIGURATION = """
file_format: "1.0"
tracer_provider:
  processors:
    - simple:
        exporter:
          console: {}
instrumentation/development:
  python:
    foretell:
      service_name: by-file
"""


@pytest.mark.parametrize("distro", ["foretell", "other"])
def test_under_a_configuration_file_we_attach_to_what_it_describes(instrument, tmp_path, distro):
    """With our configurator, which reads the file itself, and with another's; its options are ours to take."""
    (tmp_path / "otel.yaml").write_text(CONFIGURATION)
    (tmp_path / "other_distro.py").write_text(BY_FILE)
    done, runs = instrument(OTEL_PYTHON_DISTRO=distro, OTEL_PYTHON_CONFIGURATOR=distro, OTEL_CONFIG_FILE="otel.yaml")

    assert 2 == done.stdout.count('"trace_id"')
    assert [("planner", 2)] == [(run["name"], run["calls"]) for run in runs]
