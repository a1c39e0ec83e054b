"""The bare OpenTelemetry SDK: spans with eight attributes, batch processor and the official OTLP/HTTP exporter."""

from __future__ import annotations

import json
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from bench.variants.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Span, Tracer

    from bench.workload import Wrap

OPERATIONS = {"agent": "invoke_agent", "llm": "chat", "tool": "execute_tool"}


def start(endpoint: str, directory: str) -> Recorder:
    """Without content."""
    return start_bare(endpoint, has_content=False)


def start_bare(endpoint: str, *, has_content: bool) -> Recorder:
    """A provider of our own, so that nothing else is measured."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "bench"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    tracer = provider.get_tracer("bench")
    return Recorder(_make_wrap(tracer, has_content=has_content), provider.force_flush, provider.shutdown)


def _make_wrap(tracer: Tracer, *, has_content: bool) -> Wrap:
    def wrap(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{OPERATIONS[kind]} {func.__name__}"

        @wraps(func)
        def call(*args: Any) -> Any:
            with tracer.start_as_current_span(name, attributes=_attributes_before(kind)) as span:
                result = func(*args)
                _note_result(span, args, result, has_content=has_content)
                return result

        @wraps(func)
        async def call_async(*args: Any) -> Any:
            with tracer.start_as_current_span(name, attributes=_attributes_before(kind)) as span:
                result = await func(*args)
                _note_result(span, args, result, has_content=has_content)
                return result

        return call_async if iscoroutinefunction(func) else call

    return wrap


def _attributes_before(kind: str) -> dict[str, str]:
    return {
        "gen_ai.operation.name": OPERATIONS[kind],
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.agent.name": "planner",
    }


def _note_result(span: Span, args: tuple[Any, ...], result: Any, *, has_content: bool) -> None:
    usage = result.get("usage", {})
    span.set_attributes(
        {
            "gen_ai.response.model": result.get("model", ""),
            "gen_ai.response.id": result.get("id", ""),
            "gen_ai.usage.input_tokens": usage.get("prompt_tokens", 0),
            "gen_ai.usage.output_tokens": usage.get("completion_tokens", 0),
        }
    )
    if has_content:
        span.set_attribute("gen_ai.input.messages", json.dumps(args))
        span.set_attribute("gen_ai.output.messages", json.dumps(result))
