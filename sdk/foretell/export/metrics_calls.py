"""What finished calls add to the metrics. Every combination of labels is looked up once; then adding is arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from foretell.export.metrics_labels import (
    UNKNOWN,
    BoundedNames,
    join_labels,
    judge_dependency,
    label_client,
    label_error,
    label_inference,
    name_dependency,
    name_model,
    name_source,
    name_target,
)
from foretell.model.facts import InferenceFacts, ToolFacts
from foretell.model.kinds import Kind
from foretell.semconv import genai, legacy
from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from foretell.export.metric_points import Attributes
    from foretell.export.metrics import HistogramSeries, Metrics, Moment, SumSeries
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.payload import Payload
    from foretell.model.usage import Usage
    from foretell.semconv.table import Metric

ContextWindow = Callable[[str | None, str], int | None]
"""Provider and model → tokens that the model can hold; None where that is unknown."""

KEY_LIMIT: Final = 4000
"""So many combinations are kept, then all are looked up anew: a bound, should names never repeat."""

NO_FACTS: Final = InferenceFacts()


class _Series:
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


class CallMetrics:
    """Adds finished calls and scores to the metrics."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        see_agent: Callable[[str], None],
        context_window: ContextWindow | None = None,
        is_legacy: bool = False,
    ) -> None:
        """`see_agent` hears each agent's name before its first call is counted; `is_legacy` adds the older names."""
        self._metrics = metrics
        self._see_agent = see_agent
        self._context_window = context_window
        self._is_legacy = is_legacy
        # A table, since Python 3.11 takes 100 ns to find a member of an Enum by name.
        self._adders: dict[Kind, Callable[[Call], _Series]] = {
            Kind.LLM: self._add_inference,
            Kind.EMBEDDINGS: self._add_embeddings,
            Kind.AGENT: self._add_agent,
            **dict.fromkeys((Kind.TOOL, Kind.RETRIEVER, Kind.MEMORY, Kind.WORKFLOW, Kind.PLAN), self._add_other),
        }
        self.after_fork()

    def after_fork(self) -> None:
        """Forget every series that was looked up."""
        self._inferences: dict[tuple[object, ...], _Series] = {}
        self._others: dict[tuple[object, ...], _Series] = {}
        self._sources, self._targets = BoundedNames(), BoundedNames()
        self._dependencies, self._scores = BoundedNames(), BoundedNames()

    def add(self, call: Call) -> None:
        """Count one finished call. Steps and other people's spans are no calls."""
        add = self._adders.get(call.kind)
        if add is None:
            return
        series = add(call)
        if call.input_payload is not None and call.input_payload.redactions:
            self._add_redactions(series, call.input_payload)
        if call.output_payload is not None and call.output_payload.redactions:
            self._add_redactions(series, call.output_payload)

    def add_score(self, score: Score) -> None:
        """Count feedback or a task's result; one without a number is only an event."""
        if score.value is not None:
            self._metrics.record(table.SCORE, (("name", self._scores.bound(score.name)),), score.value)

    def _add_inference(self, call: Call) -> _Series:
        series = self._find_inference(call)
        moment = _moment(call)
        _add_duration(series, call, moment)
        facts = call.facts
        if isinstance(facts, InferenceFacts) and facts.time_to_first_chunk_s is not None:
            self._add_chunks(series, facts, moment)
        usage = call.usage
        if usage is not None:
            self._add_usage(series, usage, moment)
            if call.cost is None:
                self._metrics.add(table.UNPRICED_TOKENS, series.model, usage.input_tokens + usage.output_tokens)
        if call.cost is not None:
            self._add_cost(series, call.cost.amount_usd, moment)
        return series

    def _add_embeddings(self, call: Call) -> _Series:
        series = self._find_inference(call)
        moment = _moment(call)
        _add_duration(series, call, moment)
        if call.cost is not None:
            self._add_cost(series, call.cost.amount_usd, moment)
        elif call.usage is not None:
            self._metrics.add(table.UNPRICED_TOKENS, series.model, call.usage.input_tokens + call.usage.output_tokens)
        return series

    def _add_agent(self, call: Call) -> _Series:
        around = call.agent
        error = call.error
        key = (call.kind, call.name, around and around.agent_name, call.outcome, error and error.type)
        series = self._others.get(key) or self._make_agent(key, call)
        moment = _moment(call)
        _add_duration(series, call, moment)
        if series.runs is not None:
            series.runs.value += 1
        if call.totals is not None and series.inference_calls is not None and series.tool_calls is not None:
            series.inference_calls.record(call.totals.inference_calls, moment)
            series.tool_calls.record(call.totals.tool_calls, moment)
        return series

    def _add_other(self, call: Call) -> _Series:
        error = call.error
        facts = call.facts
        about = facts.type if isinstance(facts, ToolFacts) else facts and label_client(call)
        key = (call.kind, call.name, call.agent_name, call.outcome, error and error.type, about)
        series = self._others.get(key) or self._make_other(key, call)
        _add_duration(series, call, _moment(call))
        return series

    def _add_usage(self, series: _Series, usage: Usage, moment: Moment | None) -> None:
        input_tokens, output_tokens = usage.input_tokens, usage.output_tokens
        if series.input_tokens is None or series.output_tokens is None:
            self._make_token_series(series)
        assert series.input_tokens is not None
        assert series.output_tokens is not None
        series.input_tokens.record(input_tokens, moment)
        series.output_tokens.record(output_tokens, moment)
        self._add_tokens(series, table.INPUT_TOKENS, input_tokens, usage.input_by_modality)
        self._add_tokens(series, table.OUTPUT_TOKENS, output_tokens, usage.output_by_modality)
        if usage.cache_read:
            self._add_tokens(series, table.CACHE_READ_TOKENS, usage.cache_read, usage.cache_read_by_modality)
        if usage.cache_write:
            self._add_tokens(series, table.CACHE_WRITE_TOKENS, usage.cache_write)
        if usage.reasoning:
            self._add_tokens(series, table.REASONING_TOKENS, usage.reasoning)
        if series.context_limit and series.fill is not None:
            series.fill.record(input_tokens / series.context_limit, moment)
        if self._is_legacy:
            self._add_legacy_tokens(series, input_tokens, output_tokens, moment)

    def _add_tokens(
        self, series: _Series, metric: Metric, count: int, by_modality: Mapping[str, int] | None = None
    ) -> None:
        """Add so that the modalities add up to the whole; what no breakdown names is of unknown modality."""
        if by_modality:
            rest = count - sum(by_modality.values())
            if rest >= 0:
                for modality, part in by_modality.items():
                    self._token_series(series, metric, modality).value += part
                count = rest
                if not rest:
                    return
        known = series.tokens.get(metric.name)
        if known is None:
            known = series.tokens[metric.name] = self._token_series(series, metric, UNKNOWN)
        known.value += count

    def _token_series(self, series: _Series, metric: Metric, modality: str) -> SumSeries:
        return self._metrics.sum_series(metric, (*series.labels, (genai.TOKEN_MODALITY, modality)))

    def _add_legacy_tokens(self, series: _Series, input_tokens: int, output_tokens: int, moment: Moment | None) -> None:
        for type_, count in ((legacy.TOKEN_INPUT, input_tokens), (legacy.TOKEN_OUTPUT, output_tokens)):
            self._metrics.record(legacy.TOKEN_USAGE, (*series.labels, (legacy.TOKEN_TYPE, type_)), count, moment)

    def _add_cost(self, series: _Series, amount_usd: float, moment: Moment | None) -> None:
        cost = series.cost
        if cost is None:
            cost = series.cost = self._metrics.sum_series(table.COST, series.model)
        cost.value += amount_usd
        if moment is not None:
            cost.exemplar = (amount_usd, moment)

    def _add_chunks(self, series: _Series, facts: InferenceFacts, moment: Moment | None) -> None:
        assert facts.time_to_first_chunk_s is not None
        self._metrics.record(table.TIME_TO_FIRST_CHUNK, series.labels, facts.time_to_first_chunk_s, moment)
        if facts.chunk_gaps_s:
            record = self._metrics.histogram_series(table.TIME_PER_OUTPUT_CHUNK, series.labels).record
            for gap_s in facts.chunk_gaps_s:
                record(gap_s)

    def _add_redactions(self, series: _Series, payload: Payload) -> None:
        for rule, matches in payload.redactions.items():
            self._metrics.add(table.REDACTIONS, (*series.agent, ("rule", rule)), matches)

    def _find_inference(self, call: Call) -> _Series:
        facts = call.facts if isinstance(call.facts, InferenceFacts) else NO_FACTS
        error = call.error
        key = (
            call.kind,
            call.agent_name,
            call.outcome,
            error and error.type,
            facts.operation,
            facts.provider,
            facts.request_model,
            facts.response_model,
            facts.server_address,
            facts.server_port,
            facts.service_tier,
            facts.system_fingerprint,
        )
        return self._inferences.get(key) or self._make_inference(key, call, facts)

    def _make_inference(self, key: tuple[object, ...], call: Call, facts: InferenceFacts) -> _Series:
        series = self._make(self._inferences, key, call)
        provider, model = facts.provider or UNKNOWN, name_model(facts)
        series.model = (*series.agent, ("provider", provider), ("model", model))
        failed = label_error(call)
        if call.kind is Kind.EMBEDDINGS:
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

    def _make_token_series(self, series: _Series) -> None:
        series.input_tokens = self._metrics.histogram_series(table.OPERATION_INPUT_TOKENS, series.labels)
        series.output_tokens = self._metrics.histogram_series(table.OPERATION_OUTPUT_TOKENS, series.labels)
        if series.context_limit:
            labels = (*series.agent, series.model[-1])
            series.fill = self._metrics.histogram_series(table.CONTEXT_FILL, labels)

    def _make_agent(self, key: tuple[object, ...], call: Call) -> _Series:
        self._see_agent(call.name)
        series = self._make(self._others, key, call)
        name = ((genai.AGENT_NAME, call.name),)
        failed = label_error(call)
        series.agent = name
        series.duration = self._metrics.histogram_series(table.INVOKE_AGENT_DURATION, (*name, *failed))
        series.inference_calls = self._metrics.histogram_series(table.INFERENCE_CALLS, name)
        series.tool_calls = self._metrics.histogram_series(table.TOOL_CALLS, name)
        series.runs = self._metrics.sum_series(table.AGENT_RUNS, (*name, ("outcome", call.outcome.value)))
        return series

    def _make_other(self, key: tuple[object, ...], call: Call) -> _Series:
        series = self._make(self._others, key, call)
        failed = label_error(call)
        if call.kind is Kind.TOOL:
            type_ = call.facts.type if isinstance(call.facts, ToolFacts) else None
            labels = join_labels((genai.TOOL_NAME, call.name), (genai.TOOL_TYPE, type_))
            labels = (*labels, *series.agent, *failed)
            series.duration = self._metrics.histogram_series(table.EXECUTE_TOOL_DURATION, labels)
        elif call.kind is Kind.WORKFLOW:
            labels = ((genai.WORKFLOW_NAME, call.name), *failed)
            series.duration = self._metrics.histogram_series(table.INVOKE_WORKFLOW_DURATION, labels)
        elif call.kind in (Kind.RETRIEVER, Kind.MEMORY):
            labels = (*label_client(call), *failed)
            series.duration = self._metrics.histogram_series(table.OPERATION_DURATION, labels)
        return series

    def _make(self, kept: dict[tuple[object, ...], _Series], key: tuple[object, ...], call: Call) -> _Series:
        """Return new series with what every call counts for: the edge of the graph and the dependency."""
        if len(kept) >= KEY_LIMIT:
            kept.clear()
        if call.agent_name is not None:
            self._see_agent(call.agent_name)
        series = kept[key] = _Series()
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
        dependency = name_dependency(call)
        if dependency is not None:
            outcome = ("outcome", judge_dependency(call).value)
            labels = (*series.agent, ("dependency", self._dependencies.bound(dependency)), outcome)
            series.dependency = self._metrics.sum_series(table.DEPENDENCY_CALLS, labels)
        return series


def _moment(call: Call) -> Moment | None:
    """Return when and where, for exemplars; None for a trace that is not sampled, which no link would find."""
    return (call.end_ns or call.start_ns, call.trace_id, call.span_id) if call.trace_flags & 1 else None


def _add_duration(series: _Series, call: Call, moment: Moment | None) -> None:
    duration_s = ((call.end_ns or call.start_ns) - call.start_ns) / 1e9
    if series.duration is not None:
        series.duration.record(duration_s, moment)
    if series.legacy_duration is not None:
        series.legacy_duration.record(duration_s, moment)
    if series.edge is not None:
        series.edge.value += 1
    if series.dependency is not None:
        series.dependency.value += 1
