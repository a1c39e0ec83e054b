"""OpenTelemetry's own instrumentor, with a provider of the program's and the conventions' spans around it."""

import os

import order
from cases import play
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from weather_turns import ask

tracer_provider = TracerProvider(resource=Resource.create({"service.name": "weather"}))
exporter = OTLPSpanExporter(os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(tracer_provider)
OpenAIInstrumentor().instrument()
order.is_ready()

from openai import OpenAI  # noqa: E402

tracer = trace.get_tracer("weather")


def get_weather(city):
    about = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather"}
    with tracer.start_as_current_span("execute_tool get_weather", attributes=about):
        return f"It is sunny in {city}."


def plain(question, **options):
    about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "weather_agent"}
    with tracer.start_as_current_span("invoke_agent weather_agent", attributes=about):
        return ask(OpenAI(), question, get_weather, **options)


def stream(question):
    return plain(question, is_stream=True)


play(plain=plain, stream=stream, error=plain)
