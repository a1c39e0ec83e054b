"""The series that a combination of labels adds to: which metrics a call feeds, and under which labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from foretell.export.metrics.labels import (
    BoundedNames,
    join_labels,
    label_client,
    label_error,
    label_inference,
    name_source,
    name_target,
)
from foretell.model.dependency import UNKNOWN, judge_dependency, name_dependency, name_model
from foretell.model.facts import InferenceFacts, ToolFacts
from foretell.model.kinds import EMBEDDINGS, MEMORY, RETRIEVER, TOOL, WORKFLOW
from foretell.semconv import genai, legacy
from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from foretell.export.metrics.points import Attributes
    from foretell.export.metrics.registry import HistogramSeries, Metrics, SumSeries
    from foretell.model.call import Call

ContextWindow = Callable[[str | None, str], int | None]
"""Provider and model → tokens that the model can hold; None where that is unknown."""


class CallSeries:
    """What one combination of labels adds to."""

    __slots__ = (
        "agent", "context_limit", "cost", "dependency", "duration", "edge", "fill", "inference_calls", "input_tokens",
        "labels", "legacy_duration", "model", "output_tokens", "runs", "tokens", "tool_calls",
    )  # fmt: skip

    def __init__(self) -> None:
        self.agent: Attributes = ()
        self.labels: Attributes = ()
        self.model: Attributes = ()
        self.duration: HistogramSeries | None = None
        self.legacy_duration: HistogramSeries | None = None
        self.edge: SumSeries | None = None
        self.dependency: SumSeries | None = None
        self.runs: SumSeries | None = None
        self.inference_calls: HistogramSeries | None = None
        self.tool_calls: HistogramSeries | None = None
        # Of inferences; made when the first tokens or the first price arrive, since no count is not 0.
        self.input_tokens: HistogramSeries | None = None
        self.output_tokens: HistogramSeries | None = None
        self.tokens: dict[str, SumSeries] = {}
        self.cost: SumSeries | None = None
        self.fill: HistogramSeries | None = None
        self.context_limit: int | None = None


class SeriesMaker:
    """Looks up what a combination of labels adds to; done once per combination."""

    def __init__(
        self,
        metrics: Metrics,
        see_agent: Callable[[str], None],
        context_window: ContextWindow | None,
        is_legacy: bool,
    ) -> None:
        """Take the same arguments as `CallMetrics`."""
        self._metrics = metrics
        self._see_agent = see_agent
        self._context_window = context_window
        self._is_legacy = is_legacy
        self._sources, self._targets, self._dependencies = BoundedNames(), BoundedNames(), BoundedNames()

    def make_inference(self, call: Call, facts: InferenceFacts) -> CallSeries:
        """Return what an inference or an embedding adds to."""
        series = self._make(call)
        provider, model = facts.provider or UNKNOWN, name_model(facts)
        series.model = (*series.agent, ("provider", provider), ("model", model))
        failed = label_error(call)
        if call.kind is EMBEDDINGS:
            series.duration = self._metrics.histogram_series(table.OPERATION_DURATION, (*label_client(call), *failed))
            return series
        series.labels = label_inference(facts, provider)
        labels = (*series.labels, *failed)
        series.duration = self._metrics.histogram_series(table.INFERENCE_DURATION, labels)
        if self._is_legacy:
            series.legacy_duration = self._metrics.histogram_series(legacy.OPERATION_DURATION, labels)
        if self._context_window is not None:
            series.context_limit = self._context_window(facts.provider, model)
        return series

    def make_tokens(self, series: CallSeries) -> None:
        """Begin to count an inference's tokens."""
        series.input_tokens = self._metrics.histogram_series(table.OPERATION_INPUT_TOKENS, series.labels)
        series.output_tokens = self._metrics.histogram_series(table.OPERATION_OUTPUT_TOKENS, series.labels)
        if series.context_limit:
            labels = (*series.agent, series.model[-1])
            series.fill = self._metrics.histogram_series(table.CONTEXT_FILL, labels)

    def make_agent(self, call: Call) -> CallSeries:
        """Return what an agent's run adds to."""
        self._see_agent(call.name)
        series = self._make(call)
        name = ((genai.AGENT_NAME, call.name),)
        failed = label_error(call)
        series.agent = name
        series.duration = self._metrics.histogram_series(table.INVOKE_AGENT_DURATION, (*name, *failed))
        series.inference_calls = self._metrics.histogram_series(table.INFERENCE_CALLS, name)
        series.tool_calls = self._metrics.histogram_series(table.TOOL_CALLS, name)
        series.runs = self._metrics.sum_series(table.AGENT_RUNS, (*name, ("outcome", call.outcome.value)))
        return series

    def make_other(self, call: Call) -> CallSeries:
        """Return what a tool, retriever, memory, workflow or plan adds to."""
        series = self._make(call)
        failed = label_error(call)
        if call.kind is TOOL:
            type_ = call.facts.type if isinstance(call.facts, ToolFacts) else None
            labels = join_labels((genai.TOOL_NAME, call.name), (genai.TOOL_TYPE, type_))
            labels = (*labels, *series.agent, *failed)
            series.duration = self._metrics.histogram_series(table.EXECUTE_TOOL_DURATION, labels)
        elif call.kind is WORKFLOW:
            labels = ((genai.WORKFLOW_NAME, call.name), *failed)
            series.duration = self._metrics.histogram_series(table.INVOKE_WORKFLOW_DURATION, labels)
        elif call.kind in (RETRIEVER, MEMORY):
            labels = (*label_client(call), *failed)
            series.duration = self._metrics.histogram_series(table.OPERATION_DURATION, labels)
        return series

    def _make(self, call: Call) -> CallSeries:
        """Return new series with what every call counts for: the edge of the graph and the dependency."""
        if call.agent_name is not None:
            self._see_agent(call.agent_name)
        series = CallSeries()
        series.agent = join_labels((genai.AGENT_NAME, call.agent_name))
        series.edge = self._metrics.sum_series(
            table.CALLS,
            (
                *series.agent,
                ("source", self._sources.bound(name_source(call))),
                ("target", self._targets.bound(name_target(call))),
                ("kind", call.kind.value),
                ("outcome", call.outcome.value),
            ),
        )
        self._add_dependency(series, call)
        return series

    def make_request(self, call: Call) -> CallSeries:
        """Return what a client's span adds to: what it asks may be a dependency."""
        series = CallSeries()
        series.agent = join_labels((genai.AGENT_NAME, call.agent_name))
        self._add_dependency(series, call)
        return series

    def _add_dependency(self, series: CallSeries, call: Call) -> None:
        dependency = name_dependency(call)
        if dependency is not None:
            outcome = ("outcome", judge_dependency(call).value)
            labels = (*series.agent, ("dependency", self._dependencies.bound(dependency)), outcome)
            series.dependency = self._metrics.sum_series(table.DEPENDENCY_CALLS, labels)
