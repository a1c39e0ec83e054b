"""What finished calls add to the metrics. Every combination of labels is looked up once; then adding is arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Final

from foretell.export.metrics.labels import BoundedNames, label_client
from foretell.export.metrics.series import CallSeries, ContextWindow, SeriesMaker
from foretell.model.dependency import UNKNOWN, name_dependency
from foretell.model.facts import InferenceFacts, ToolFacts
from foretell.model.kinds import AGENT, EMBEDDINGS, LLM, MEMORY, PLAN, RETRIEVER, TOOL, WORKFLOW, Kind
from foretell.model.payload import Payload
from foretell.semconv import genai, legacy
from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from foretell.export.metrics.registry import Metrics, Moment, SumSeries
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.usage import Usage
    from foretell.semconv.table import Metric

KEY_LIMIT: Final = 4000
"""So many combinations are kept, then all are looked up anew: a bound, should names never repeat."""

NO_FACTS: Final = InferenceFacts()


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
        self._make_maker = partial(SeriesMaker, metrics, see_agent, context_window, is_legacy)
        self._is_legacy = is_legacy
        # A table, since Python 3.11 takes 100 ns to find a member of an Enum by name.
        self._adders: dict[Kind, Callable[[Call], CallSeries]] = {
            LLM: self._add_inference,
            EMBEDDINGS: self._add_embeddings,
            AGENT: self._add_agent,
            **dict.fromkeys((TOOL, RETRIEVER, MEMORY, WORKFLOW, PLAN), self._add_other),
        }
        self.after_fork()

    def after_fork(self) -> None:
        """Forget every series that was looked up."""
        self._inferences: dict[tuple[object, ...], CallSeries] = {}
        self._others: dict[tuple[object, ...], CallSeries] = {}
        self._maker = self._make_maker()
        self._scores = BoundedNames()

    def add(self, call: Call) -> None:
        """Count one finished call. Steps and other people's spans are no calls, but a span may ask a dependency."""
        add = self._adders.get(call.kind)
        if add is None:
            if call.span_kind == "client" and call.run_id:
                self._add_request(call)
            return
        series = add(call)
        for kept in (call.kept_input, call.kept_output):
            if type(kept) is Payload and kept.redactions:
                self._add_redactions(series, kept)

    def add_score(self, score: Score) -> None:
        """Count feedback or a task's result; one without a number is only an event."""
        # One NaN would make the sum NaN for good.
        if score.value is not None and isfinite(score.value):
            self._metrics.record(table.SCORE, (("name", self._scores.bound(score.name)),), score.value)

    def _add_inference(self, call: Call) -> CallSeries:
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

    def _add_embeddings(self, call: Call) -> CallSeries:
        series = self._find_inference(call)
        moment = _moment(call)
        _add_duration(series, call, moment)
        if call.cost is not None:
            self._add_cost(series, call.cost.amount_usd, moment)
        elif call.usage is not None:
            self._metrics.add(table.UNPRICED_TOKENS, series.model, call.usage.input_tokens + call.usage.output_tokens)
        return series

    def _add_agent(self, call: Call) -> CallSeries:
        around = call.agent
        error = call.error
        key = (call.kind, call.name, around and around.agent_name, call.outcome, error and error.type)
        series = self._others.get(key) or _keep(self._others, key, self._maker.make_agent(call))
        moment = _moment(call)
        _add_duration(series, call, moment)
        if series.runs is not None:
            series.runs.value += 1
        if call.totals is not None and series.inference_calls is not None and series.tool_calls is not None:
            series.inference_calls.record(call.totals.inference_calls, moment)
            series.tool_calls.record(call.totals.tool_calls, moment)
        return series

    def _add_other(self, call: Call) -> CallSeries:
        error = call.error
        facts = call.facts
        about = facts.type if isinstance(facts, ToolFacts) else facts and label_client(call)
        key = (call.kind, call.name, call.agent_name, call.outcome, error and error.type, about)
        series = self._others.get(key) or _keep(self._others, key, self._maker.make_other(call))
        _add_duration(series, call, _moment(call))
        return series

    def _add_request(self, call: Call) -> None:
        error = call.error
        key = (call.kind, call.agent_name, call.outcome, error and error.type, name_dependency(call))
        series = self._others.get(key) or _keep(self._others, key, self._maker.make_request(call))
        if series.dependency is not None:
            series.dependency.value += 1

    def _add_usage(self, series: CallSeries, usage: Usage, moment: Moment | None) -> None:
        input_tokens, output_tokens = usage.input_tokens, usage.output_tokens
        if series.input_tokens is None or series.output_tokens is None:
            self._maker.make_tokens(series)
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
        self, series: CallSeries, metric: Metric, count: int, by_modality: Mapping[str, int] | None = None
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

    def _token_series(self, series: CallSeries, metric: Metric, modality: str) -> SumSeries:
        return self._metrics.sum_series(metric, (*series.labels, (genai.TOKEN_MODALITY, modality)))

    def _add_legacy_tokens(
        self, series: CallSeries, input_tokens: int, output_tokens: int, moment: Moment | None
    ) -> None:
        for type_, count in ((legacy.TOKEN_INPUT, input_tokens), (legacy.TOKEN_OUTPUT, output_tokens)):
            self._metrics.record(legacy.TOKEN_USAGE, (*series.labels, (legacy.TOKEN_TYPE, type_)), count, moment)

    def _add_cost(self, series: CallSeries, amount_usd: float, moment: Moment | None) -> None:
        cost = series.cost
        if cost is None:
            cost = series.cost = self._metrics.sum_series(table.COST, series.model)
        cost.value += amount_usd
        if moment is not None:
            cost.exemplar = (amount_usd, moment)

    def _add_chunks(self, series: CallSeries, facts: InferenceFacts, moment: Moment | None) -> None:
        assert facts.time_to_first_chunk_s is not None
        self._metrics.record(table.TIME_TO_FIRST_CHUNK, series.labels, facts.time_to_first_chunk_s, moment)
        if facts.chunk_gaps_s:
            record = self._metrics.histogram_series(table.TIME_PER_OUTPUT_CHUNK, series.labels).record
            for gap_s in facts.chunk_gaps_s:
                record(gap_s)

    def _add_redactions(self, series: CallSeries, payload: Payload) -> None:
        for rule, matches in payload.redactions.items():
            self._metrics.add(table.REDACTIONS, (*series.agent, ("rule", rule)), matches)

    def _find_inference(self, call: Call) -> CallSeries:
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
        series = self._inferences.get(key)
        return series or _keep(self._inferences, key, self._maker.make_inference(call, facts))


def _keep(kept: dict[tuple[object, ...], CallSeries], key: tuple[object, ...], series: CallSeries) -> CallSeries:
    if len(kept) >= KEY_LIMIT:
        kept.clear()
    kept[key] = series
    return series


def _moment(call: Call) -> Moment | None:
    """Return when and where, for exemplars; None for a trace that is not sampled, which no link would find."""
    return (call.end_ns or call.start_ns, call.trace_id, call.span_id) if call.trace_flags & 1 else None


def _add_duration(series: CallSeries, call: Call, moment: Moment | None) -> None:
    duration_s = ((call.end_ns or call.start_ns) - call.start_ns) / 1e9
    if series.duration is not None:
        series.duration.record(duration_s, moment)
    if series.legacy_duration is not None:
        series.legacy_duration.record(duration_s, moment)
    if series.edge is not None:
        series.edge.value += 1
    if series.dependency is not None:
        series.dependency.value += 1
