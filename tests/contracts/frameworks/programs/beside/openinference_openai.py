"""OpenInference: its instrumentor, and a provider that is nobody else's unless IS_GLOBAL says so."""

import os

import order
from cases import play
from openinference.instrumentation import TracerProvider
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from weather_turns import ask

tracer_provider = TracerProvider(resource=Resource.create({"service.name": "weather"}))
tracer_provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(os.environ["PHOENIX_COLLECTOR_ENDPOINT"])))
if os.environ.get("IS_GLOBAL"):
    trace.set_tracer_provider(tracer_provider)
OpenAIInstrumentor().instrument(tracer_provider=tracer_provider)
order.is_ready()

from openai import OpenAI  # noqa: E402

tracer = tracer_provider.get_tracer("weather")


@tracer.tool
def get_weather(city):
    return f"It is sunny in {city}."


@tracer.agent(name="weather_agent")
def plain(question):
    return ask(OpenAI(), question, get_weather)


@tracer.agent(name="weather_agent")
def stream(question):
    return ask(OpenAI(), question, get_weather, is_stream=True)


play(plain=plain, stream=stream, error=plain)
