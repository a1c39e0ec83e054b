"""Has instrumentors tell contents to us, without changing what the program has decided for its own exporters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretell.integrations.integration import Candidate, Origin, Wiring
from foretell.settings import lend_environment

OTEL_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""`NO_CONTENT`, `SPAN_ONLY`, `EVENT_ONLY` or `SPAN_AND_EVENT`; read when an instrumentor is switched on."""
_ON_SPANS = ("SPAN_ONLY", "SPAN_AND_EVENT")
_HIDDEN = ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS")


def instrument(instrumentor: Any, candidate: Candidate, wiring: Wiring) -> None:  # each has a class of its own
    """Switch on one instrumentor of OpenTelemetry's kind, with contents where we may have them."""
    with lend_environment(choose_variables(candidate.origin, wiring)):
        instrumentor.instrument(
            tracer_provider=wiring.tracer_provider,
            meter_provider=wiring.meter_provider,
            skip_dep_check=True,  # done already, by the version of the framework and not of one package of it
            **candidate.options,
        )


def choose_variables(origin: Origin, wiring: Wiring) -> dict[str, str]:
    """The variables under which an instrumentor puts contents on spans: ours take them off again before anybody else."""
    asked = wiring.environment.get(OTEL_CAPTURE, "").strip().upper()
    if origin is Origin.OPENINFERENCE:
        return {} if wiring.has_content else dict.fromkeys(_HIDDEN, "true")
    if not wiring.has_content or asked in _ON_SPANS:
        return {}  # what the program asked for stays; ours drop it where nothing may be kept
    return {OTEL_CAPTURE: "SPAN_AND_EVENT" if asked == "EVENT_ONLY" else "SPAN_ONLY"}


def wants_content_on_spans(environment: Mapping[str, str]) -> bool:
    """Whether the program itself has asked for contents on its spans, by the conventions' variable or OpenLLMetry's."""
    return (
        environment.get(OTEL_CAPTURE, "").strip().upper() in _ON_SPANS
        or environment.get("TRACELOOP_TRACE_CONTENT", "").strip().lower() == "true"
    )
