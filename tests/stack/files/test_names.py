"""The collector gives foreign attributes the names that the SDK gives them: both are asked, about every row."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell.semconv.inward.dialects import OPERATIONS, PROVIDERS, ROWS
from foretell.semconv.inward.foreign import normalise
from tests.stack.images import ROOT
from tests.stack.road import send, span, wait_for
from tests.support.native_servers import find_server

pytestmark = pytest.mark.stack

CONFIG = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {file: {path: %s, flush_interval: 100ms}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [transform/names], exporters: [file]}
  telemetry: {metrics: {level: none}}
"""
IN_JSON = {"request_messages", "response_messages", "request_parameters", "usage_details", "cost_details"}
PLAUSIBLE = {
    "copy": "x", "int": "7", "double": 1.5, "text": 5, "strings": "stop", "true": "true", "cost": "0.25",
    "provider": "Azure", "output_type": "json_schema", "operation": "TOOL",
}  # fmt: skip
ODD: tuple[Any, ...] = ("abc", "", "3.7", "0", 7, 0, 2.9)


def list_cases() -> Iterator[dict[str, Any]]:
    """Attributes of spans: every row with a plausible value and with odd ones, every kind, every provider."""
    for row in ROWS:
        if row.conversion in IN_JSON:
            continue
        about = {"gen_ai.operation.name": min(row.operations)} if row.operations else {}
        yield {row.old: PLAUSIBLE[row.conversion], **about}
        if not row.operations:
            yield from ({row.old: value, "gen_ai.operation.name": "chat"} for value in ODD)
    for kind in OPERATIONS:
        yield {
            "openinference.span.kind": kind.upper(),
            "tool.name": "t",
            "agent.name": "n",
            "traceloop.entity.name": "e",
        }
    for provider in (*PROVIDERS, "OpenAI", " x "):
        yield {"llm.provider": provider, "llm.system": "weaker"}
    yield {"llm.model_name": "foreign", "gen_ai.request.model": "today's"}
    yield {"traceloop.span.kind": "chain", "llm.request.type": "chat"}
    yield {"llm.finish_reason": ["stop", "length"]}


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A collector with the generated statements, its address, and the file that it writes."""
    server = find_server("otelcol")
    if server is None:
        pytest.skip("not built: otelcol. Type: tools/servers.sh otelcol (it needs Go)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config, out = tmp_path / "config.yaml", tmp_path / "out.json"
    config.write_text(CONFIG % (port, out), "utf-8")
    names = ROOT / "deploy" / "otel-collector" / "names.yaml"
    process = subprocess.Popen([server, "--config", config, "--config", names], stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/v1/traces", out
    finally:
        process.terminate()
        process.wait(10)


def test_the_collector_and_the_sdk_read_foreign_names_alike(collector: tuple[str, Path]) -> None:
    url, out = collector
    cases = list(list_cases())
    bodies = [span("names", f"{number:032x}", f"{number:016x}", case) for number, case in enumerate(cases, 1)]
    whole = {"resourceSpans": [part for body in bodies for part in body["resourceSpans"]]}
    wait_for(lambda: send(url, whole), 20)
    got = wait_for(lambda: read_spans(out, len(cases)), 20)

    different = [(case, normalise(case), got[number]) for number, case in enumerate(cases, 1)]
    assert [] == [each for each in different if each[1] != each[2]]


def read_spans(file: Path, count: int) -> dict[int, dict[str, Any]]:
    """Number of a case → what became of its attributes, once all are there."""
    time.sleep(0.2)  # the file is written in pieces
    spans = {}
    for line in file.read_text("utf-8").splitlines() if file.exists() else ():
        for part in json.loads(line)["resourceSpans"]:
            for item in part["scopeSpans"][0]["spans"]:
                values = {each["key"]: read_value(each["value"]) for each in item.get("attributes", ())}
                spans[int(item["traceId"], 16)] = values
    return spans if len(spans) == count else {}


def read_value(value: dict[str, Any]) -> Any:
    """A value as OTLP's JSON writes it."""
    ((kind, content),) = value.items()
    if kind == "arrayValue":
        return [read_value(item) for item in content.get("values", ())]
    return int(content) if kind == "intValue" else float(content) if kind == "doubleValue" else content
