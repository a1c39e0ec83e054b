"""A decorated agent, run as a program of its own, is found in every store behind the collector."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.road import ask, read_tags, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

PROGRAM = """
import logging
import foretell

foretell.init("shop")
foretell.setup_logging()

@foretell.instrument_tool
def look_up(item):
    logging.getLogger("shop").warning("looking up %s", item)
    return 42

@foretell.instrument_llm(provider="openai", model="gpt-4o")
def ask_model(question):
    operation = foretell.current_operation()
    operation.record_usage(input_tokens=1000, output_tokens=100)
    return "42"

@foretell.instrument_agent(name="clerk of the shop")
def clerk(question):
    look_up("the answer")
    return ask_model(question)

print(clerk("what is it?"))
foretell.shutdown()
"""


@pytest.fixture(scope="module")
def clerk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The agent has run once."""
    folder = tmp_path_factory.mktemp("shop")
    program = folder / "program.py"
    program.write_text(PROGRAM, "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "FORETELL_"))}
    environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = stack.url("otel-collector", 4318)
    done = run(program, folder, environment)
    assert (0, "42") == (done.returncode, done.stdout.strip()), done.stderr


def run(program: Path, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run it in that folder."""
    return subprocess.run(
        [sys.executable, program], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.usefixtures("clerk")
def test_its_tree_is_in_jaeger_with_tokens_and_cost(stack: Stack) -> None:
    url = f"{stack.url('jaeger', 16686)}/api/traces"
    (trace,) = wait_for(lambda: ask(url, service="shop", lookback="1h")["data"])
    names = {span["spanID"]: span["operationName"] for span in trace["spans"]}
    parents = {
        span["operationName"]: names[span["references"][0]["spanID"]] if span["references"] else None
        for span in trace["spans"]
    }
    agent = "invoke_agent clerk of the shop"
    assert {agent: None, "execute_tool look_up": agent, "chat gpt-4o": agent} == parents
    (chat,) = (read_tags(span) for span in trace["spans"] if span["operationName"] == "chat gpt-4o")
    assert (1000, 100, 0.0035) == (
        chat["gen_ai.usage.input_tokens"],
        chat["gen_ai.usage.output_tokens"],
        chat["foretell.cost.amount"],
    )


@pytest.mark.usefixtures("clerk")
def test_its_metrics_have_the_names_that_the_rules_use(stack: Stack) -> None:
    url = f"{stack.url('prometheus', 9090)}/api/v1/query"
    agent = '{gen_ai_agent_name="clerk of the shop", job="shop"}'
    (runs,) = wait_for(lambda: ask(url, query=f"foretell_agent_runs_total{agent} == 1")["data"]["result"])
    assert "ok" == runs["metric"]["outcome"]
    (cost,) = wait_for(lambda: ask(url, query=f"foretell_cost_total{agent}")["data"]["result"])
    assert 0.0035 == float(cost["value"][1])


@pytest.mark.usefixtures("clerk")
def test_its_log_lines_are_in_loki_by_its_trace(stack: Stack) -> None:
    (trace,) = wait_for(lambda: ask(f"{stack.url('jaeger', 16686)}/api/traces", service="shop", lookback="1h")["data"])
    url = f"{stack.url('loki', 3100)}/loki/api/v1/query_range"
    query = f'{{service_name="shop"}} | trace_id="{trace["traceID"]}"'
    streams = wait_for(lambda: ask(url, query=query)["data"]["result"])
    assert any("looking up the answer" in text for stream in streams for _, text in stream["values"])


@pytest.mark.usefixtures("clerk")
def test_jaeger_s_monitor_tab_has_its_numbers(stack: Stack) -> None:
    """It asks Prometheus for what the collector counted; agents' spans are of the kinds INTERNAL and CLIENT."""
    url = f"{stack.url('jaeger', 16686)}/api/metrics/calls"
    asked = {"service": "shop", "spanKind": "client", "lookback": "3600000", "step": "5000", "ratePer": "600000"}
    found = wait_for(lambda: ask(url, **asked)["metrics"], 60)
    assert "shop" in {label["value"] for metric in found for label in metric["labels"]}
