"""OpenInference's instrumentor with a provider of its own, which is nobody else's."""

import os

import order
from cases import play
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from weather_turns import ask

tracer_provider = TracerProvider(resource=Resource.create({"service.name": "weather"}))
tracer_provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(os.environ["PHOENIX_COLLECTOR_ENDPOINT"])))
OpenAIInstrumentor().instrument(tracer_provider=tracer_provider)
order.is_ready()

from openai import OpenAI  # noqa: E402

tracer = tracer_provider.get_tracer("weather")


def get_weather(city):
    return f"It is sunny in {city}."


def plain(question):
    with tracer.start_as_current_span("weather_agent"):
        return ask(OpenAI(), question, get_weather)


def stream(question):
    with tracer.start_as_current_span("weather_agent"):
        return ask(OpenAI(), question, get_weather, is_stream=True)


play(plain=plain, stream=stream, error=plain)
