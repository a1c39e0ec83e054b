"""Why data are missing, and what to type: from what the collector answered, the stores, and its own numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from foretell.stack.road.http import Fetch, Reply
from foretell.stack.road.probe import STORES
from foretell.stack.road.servers import COLLECTOR, Health
from foretell.stack.road.travel import Arrival, Journey, is_taken

EXPORTERS = {
    "jaeger": "otlp_grpc/jaeger",
    "tempo": "otlp_grpc/tempo",
    "prometheus": "otlp_http/prometheus",
    "loki": "otlp_http/loki",
}
"""Who brings it there, as deploy/otel-collector/config.yaml names it."""

Measure = Callable[[str], float | None]
"""A query to its value; None where Prometheus cannot say."""


def judge(journey: Journey, healths: Mapping[str, Health], fetch: Fetch) -> Iterator[Arrival]:
    """Yield for each store whether the probe arrived, and if not, why."""
    measure = make_measure(healths, fetch)
    for store in journey.stores:
        signal = STORES[store]
        took_s = journey.took_s.get(store)
        if took_s is not None:
            yield Arrival(store, signal, took_s)
            continue
        reason = explain_refusal(journey.sent[signal], healths[COLLECTOR.name])
        reason = reason or explain_silence(healths[store]) or explain_queue(store, measure)
        yield Arrival(store, signal, None, reason.text, reason.advice)


@dataclass(frozen=True, slots=True)
class Reason:
    """What is wrong, and what to type."""

    text: str
    advice: str


def explain_refusal(reply: Reply, collector: Health) -> Reason | None:
    """Explain why the collector did not take it; None where it did."""
    if is_taken(reply):
        return None
    url = collector.server.url
    if not reply.status:
        return Reason(f"nobody answers at {url} ({reply.reason})", "Start the stack: foretell up")
    if reply.status in (429, 503):
        advice = "Its memory is full: raise mem_limit, GOMEMLIMIT and memory_limiter together (docs/guides/stack.md)."
        return Reason(f"the collector refuses ({reply})", advice)
    if reply.is_good:
        return Reason(f"the collector took only a part of it ({reply.text[:160]})", _logs("otel-collector"))
    advice = "Give the right address: foretell status --at otel-collector=http://HOST:4318"
    return Reason(f"what answers at {url} takes no OTLP ({reply})", advice)


def explain_silence(store: Health) -> Reason | None:
    """Explain why a store could not be looked into; None where it answers."""
    if store.is_well:
        return None
    text = f"{store.server.title} is not well ({store.reply}); what is for it waits in the collector's queue on disk"
    return Reason(text, _logs(store.server.name))


def explain_queue(store: str, measure: Measure) -> Reason:
    """Explain by the collector's own numbers why what it took has not come out."""
    chosen = f'{{exporter="{EXPORTERS[store]}"}}'
    if STORES[store] == "traces" and measure('count({__name__=~"otelcol_processor_tail_sampling_.+"})'):
        advice = "Look for longer: foretell status --wait 90"
        return Reason("sampling is on, and a trace is judged a minute after it began", advice)
    dropped = measure(
        f'sum(increase({{__name__=~"otelcol_exporter_enqueue_failed_.+",exporter="{EXPORTERS[store]}"}}[10m]))'
    )
    if dropped:
        text = f"the collector's queue for {store} is full: about {dropped:,.0f} items were dropped in ten minutes"
        return Reason(text, _logs(store))
    waiting = measure(f"sum(otelcol_exporter_queue_size{chosen})")
    if waiting:
        text = f"{waiting:,.0f} items wait in the collector's queue for {store}, which it cannot reach or which is slow"
        return Reason(text, _logs(store))
    failed = measure(
        f'sum(increase({{__name__=~"otelcol_exporter_send_failed_.+",exporter="{EXPORTERS[store]}"}}[10m]))'
    )
    if failed:
        return Reason(f"{store} refuses what the collector brings", _logs("otel-collector"))
    return Reason(f"the collector took it, and {store} does not have it yet", _logs("otel-collector"))


def make_measure(healths: Mapping[str, Health], fetch: Fetch) -> Measure:
    """Make a function that asks Prometheus for one number."""
    prometheus = healths.get("prometheus")

    def measure(query: str) -> float | None:
        if prometheus is None or not prometheus.is_well:
            return None
        body = fetch(f"{prometheus.server.url}/api/v1/query?{urlencode({'query': query})}", None).read()
        try:
            return float(body["data"]["result"][0]["value"][1])
        except (KeyError, IndexError, TypeError, ValueError):
            return None

    return measure


def _logs(service: str) -> str:
    return f"See what it says: docker compose -p foretell logs {service}"
