"""smolagents: agents and models by OpenTelemetry's instrumentor, which leaves out tools; those are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.integrations.integration import Candidate, Integration, Origin, Undo, Wiring, openinference

if TYPE_CHECKING:
    from foretell.integrations.wrapping.local_calls import Described

_OTEL = "opentelemetry-instrumentation-genai-smolagents"

INTEGRATION = Integration(
    name="smolagents",
    title="smolagents",
    distribution="smolagents",
    module="smolagents",
    candidates=(
        Candidate(
            origin=Origin.OTEL,
            distribution=_OTEL,
            path="foretell.integrations.frameworks.smolagents:switch_on",
            supports=">=1.24,<2",
        ),
        openinference("smolagents", "SmolagentsInstrumentor"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of agents, models and tools."""
    from foretell.integrations.integration import otel
    from foretell.integrations.switching import start_candidate
    from foretell.integrations.wrapping.local_calls import TOOL, LocalCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    theirs = otel(_OTEL, "opentelemetry.instrumentation.genai.smolagents:SmolagentsInstrumentor")
    undo_theirs = start_candidate(theirs, wiring)
    undo_ours = wrap_points([WrapPoint("smolagents.tools", "Tool.__call__", LocalCalls(wiring, TOOL, _describe))])

    def undo() -> None:
        undo_ours()
        if undo_theirs is not None:
            undo_theirs()

    return undo


def _describe(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Described:
    from foretell.integrations.wrapping.local_calls import Described

    given = {key: value for key, value in kwargs.items() if key != "sanitize_inputs_outputs"}
    return Described(tool.name, given or (list(args) if args else None))
