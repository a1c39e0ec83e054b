"""Plays a program that another product traces, with us and without, and tells what that product's back-end got."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foretell.demo.model_server import ModelServer
from tests.contracts.collector import Collector
from tests.contracts.frameworks.contract import Family
from tests.contracts.frameworks.environments import find_environment
from tests.contracts.frameworks.playing import PROGRAMS, TIMEOUT_S, Played, draw_run, read_log, surround
from tests.contracts.frameworks.weather import CASES, decide_weather

_OPENAI = ("openai>=1.69,<4",)
SEVERAL = Family(
    "beside",
    (
        *_OPENAI,
        "openinference-instrumentation-openai>=0.1.50",
        "langfuse>=4",
        "logfire[requests]>=4",
        "opentelemetry-instrumentation-genai-openai>=1.3b0",
    ),
    ("openai",),
)
TRACELOOP = Family("beside-traceloop", (*_OPENAI, "traceloop-sdk>=0.50", "httpx"), ("openai",))
"""It imports httpx, and leaves it to older clients of OpenAI's to bring it."""
_VOLATILE = re.compile(
    r"(?i)^code\.|time|\bid$|response[._]id|thread|fingerprint|created|duration|logfire\.msg$|server\.port$"
)
"""Attributes that differ from one run of the same program to the next. Logfire looks for the program's own code by where
packages are installed, and takes ours for the program's where it is worked on."""


@dataclass(frozen=True)
class Product:
    """One of the others."""

    name: str
    family: Family
    program: str
    """Below programs/beside/, without `.py`."""
    endpoint: str
    """The variable by which its documentation names another back-end."""
    path: str = ""
    """What its documentation puts behind the address."""
    settings: tuple[tuple[str, str], ...] = ()
    cases: tuple[str, ...] = ("plain", "stream", "error")


PRODUCTS = (
    Product(
        "traceloop",
        TRACELOOP,
        "traceloop_sdk",
        "TRACELOOP_BASE_URL",
        settings=(("TRACELOOP_API_KEY", "none"), ("TRACELOOP_METRICS_ENABLED", "false")),
    ),
    Product(
        "openinference",
        SEVERAL,
        "openinference_openai",
        "PHOENIX_COLLECTOR_ENDPOINT",
        "/v1/traces",
        settings=(("IS_GLOBAL", "1"),),
    ),
    Product("openinference-alone", SEVERAL, "openinference_openai", "PHOENIX_COLLECTOR_ENDPOINT", "/v1/traces"),
    Product(
        "langfuse",
        SEVERAL,
        "langfuse_openai",
        "LANGFUSE_BASE_URL",
        settings=(("LANGFUSE_PUBLIC_KEY", "pk"), ("LANGFUSE_SECRET_KEY", "sk")),
    ),
    Product("logfire", SEVERAL, "logfire_openai", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/v1/traces"),
    Product(
        "opentelemetry",
        SEVERAL,
        "opentelemetry_openai",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "/v1/traces",
        settings=(("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY"),),
    ),
)


@dataclass(frozen=True)
class Sent:
    """A span, as a product's back-end got it."""

    name: str
    scope: str
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    status: str
    attributes: dict[str, Any]
    resource: dict[str, Any]

    def lasting(self) -> dict[str, Any]:
        """What is the same each time that the program runs."""
        told = {key: value for key, value in self.attributes.items() if not _VOLATILE.search(key)}
        return {"name": self.name, "attributes": _blur(told), "service": self.resource.get("service.name")}


@dataclass
class Beside(Played):
    """What we have written down, and what the other product's back-end got."""

    got: list[Sent] = field(default_factory=list)

    def run_trees(self) -> list[str]:
        """Each run of ours as a tree."""
        return ["\n".join(draw_run(run)) for run in self.runs]

    def their_tree(self) -> str:
        """All spans of the other product's back-end, each below its parent; `?` marks one whose parent is missing."""
        return "\n".join(_draw(self.got))


def play_beside(
    product: Product, directory: Path, *, is_run_by_us: bool = True, cases: tuple[str, ...] = (), **settings: str
) -> Beside:
    """Run the product's program in one process, under `foretell run` or by Python alone."""
    python = find_environment(product.family)
    directory.mkdir(parents=True)
    program = str(PROGRAMS / "beside" / f"{product.program}.py")
    questions = [f"{case}={CASES.get(case, CASES['plain'])}" for case in cases or product.cases]
    start = ["-m", "foretell.cli", "run"] if is_run_by_us else []
    theirs = Collector()
    try:
        with ModelServer(decide_weather, latency_s=0.02, chunk_s=0.002) as server:
            environment = surround(server, directory) | dict(product.settings) | settings
            environment[product.endpoint] = theirs.url + product.path
            done = subprocess.run(
                [str(python), *start, program, *questions],
                cwd=directory,
                env=environment,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
            asked = read_log(server)
    finally:
        theirs.close()
    got = [span for path, _, body in theirs.requests if path.endswith("/traces") for span in _read(body)]
    return Beside(
        directory, done.returncode, done.stdout, done.stderr, asked, got=sorted(got, key=lambda span: span.start_ns)
    )


def _read(body: bytes) -> Iterator[Sent]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = {item.key: _value(item.value) for item in group.resource.attributes}
        for scope in group.scope_spans:
            for span in scope.spans:
                attributes = {item.key: _value(item.value) for item in span.attributes}
                yield Sent(
                    span.name,
                    scope.scope.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano,
                    str(span.status.code),
                    attributes,
                    resource,
                )


def _value(value: Any) -> Any:
    return MessageToDict(value)


def _blur(value: Any) -> str:
    """Ids that stand in texts are made anew by each run."""
    return re.sub(r"(chatcmpl|call|req)[-_]\w+|\b0x[0-9a-f]+|\d{9,}|:\d{4,5}/", "~", json.dumps(value, sort_keys=True))


def _draw(spans: list[Sent]) -> list[str]:
    known = {span.span_id for span in spans}
    lines: list[str] = []

    def draw(span: Sent, depth: int) -> None:
        mark = " !" if span.status == "2" else ""
        orphan = " ?" if not depth and span.parent_id else ""
        lines.append(f"{'  ' * depth}{span.name}{mark}{orphan} [{span.scope}]")
        for child in spans:
            if child.parent_id == span.span_id:
                draw(child, depth + 1)

    for span in spans:
        if span.parent_id not in known:
            draw(span, 0)
    return lines
