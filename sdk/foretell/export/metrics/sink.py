"""The sink that makes metrics: counts what ended, looks at what is open, and exports when it is time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from foretell.errors import FAULTS
from foretell.export.metrics.agents import AgentMetrics
from foretell.export.metrics.calls import CallMetrics
from foretell.export.metrics.process import set_process, set_telemetry
from foretell.export.metrics.series import ContextWindow
from foretell.model.kinds import AGENT

if TYPE_CHECKING:
    from foretell.export.metrics.points import MetricPoints
    from foretell.export.metrics.registry import Metrics
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.finding import Finding
    from foretell.model.log import LogRecord
    from foretell.model.process import ProcessSample

Observer = Callable[["Metrics", int], None]
"""Sets gauges and totals that another room knows, given the metrics and the time (ns)."""
CountsSnapshot = Callable[[], Mapping[str, Mapping[tuple[str, str], int]]]

SOON_NS: Final = 1_000_000_000
"""Ends of runs and findings are exported no more often than this, and no later."""
REFRESH_NS: Final = 1_000_000_000
"""How old gauges may be where a pull endpoint shows them."""
POINT_NS: Final = 1_000_000
"""Prometheus keeps one point of a series a millisecond."""
HOLD_INTERVALS: Final = 2
"""A finding stays visible for so many export intervals, however soon it ends."""


class MetricsSink:
    """Turns finished calls into metrics (protocol `foretell.model.sink.Sink`)."""

    name = "metrics"

    def __init__(
        self,
        metrics: Metrics,
        submit: Callable[[str, list[MetricPoints]], object] | None,
        *,
        clock: Callable[[], int],
        open_calls: Callable[[], Iterable[Call]],
        interval_s: float = 60.0,
        sample_process: Callable[[], ProcessSample | None] | None = None,
        count_telemetry: CountsSnapshot | None = None,
        context_window: ContextWindow | None = None,
        is_legacy: bool = False,
        is_pulled: bool = False,
    ) -> None:
        """Export through `submit("metrics", points)`; None where only a pull endpoint reads, which `is_pulled` says.

        `open_calls` gives the calls that are open now, `sample_process` the newest look at the process,
        `count_telemetry` the self-counts (`Counts.snapshot`), `context_window` a model's size in tokens.
        """
        self.metrics = metrics
        self._submit = submit
        self._clock = clock
        self._open_calls = open_calls
        self._interval_ns = int(interval_s * 1e9)
        self._sample_process = sample_process
        self._count_telemetry = count_telemetry
        self._is_pulled = is_pulled
        self._observers: list[Observer] = []
        self._agents = AgentMetrics(metrics)
        self._calls = CallMetrics(
            metrics, see_agent=self._see_agent, context_window=context_window, is_legacy=is_legacy
        )
        self._begin()

    def observe(self, observer: Observer) -> None:
        """Call `observer(metrics, now_ns)` before each export, for what only another room knows: budgets, event loops."""
        self._observers.append(observer)

    def take_open(self, calls: Sequence[Call]) -> None:
        """Note agents that are at work, before their first run ends."""
        for call in calls:
            if call.kind is AGENT:
                self._see_agent(call.name)

    def take(self, calls: Sequence[Call]) -> None:
        """Count finished calls."""
        add = self._calls.add
        agent = AGENT
        is_run_over = False
        for call in calls:
            try:
                add(call)
            except Exception as error:  # one call with odd facts must not cost the others
                FAULTS.note("sink.metrics", error)
            if call.kind is agent or call.parent_id is None:
                is_run_over = True
        if is_run_over:
            self._hurry()

    def take_scores(self, scores: Sequence[Score]) -> None:
        """Count feedback."""
        for score in scores:
            self._calls.add_score(score)

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        """Nothing: log lines are not counted here."""

    def take_findings(self, findings: Sequence[Finding]) -> None:
        """Count what began or ended; give each finding once when it fires and once more with its `end_ns`."""
        hold_until_ns = self._clock() + HOLD_INTERVALS * self._interval_ns
        for finding in findings:
            self._agents.take_finding(finding, hold_until_ns)
        self._has_fresh_finding = True
        self._hurry()

    def write(self) -> None:
        """Export if it is time. Ask once a second at least: heartbeats and open runs move while no call ends."""
        now_ns = self._clock()
        if self._submit is not None and now_ns >= self._due_ns:
            self._export(now_ns)
        elif (self._is_pulled or self.metrics.is_watched) and now_ns >= self._refreshed_ns + REFRESH_NS:
            self._refresh(now_ns)

    def flush(self, timeout_s: float) -> bool:  # handing over never waits
        """Export now."""
        self._export(self._clock())
        return True

    def close(self) -> None:
        """Say goodbye for every agent, and export that; a finding that nobody was told of yet is told of before."""
        now_ns = self._clock()
        if self._has_fresh_finding:
            self._export(now_ns)
            now_ns += POINT_NS
        self._refresh(now_ns)
        self._agents.say_goodbye()
        self._hand_over(now_ns)

    def after_fork(self) -> None:
        """Begin at 0: the parent exports what it counted itself."""
        self.metrics.after_fork()
        self._calls.after_fork()
        self._agents.after_fork()
        self._begin()

    def _begin(self) -> None:
        now_ns = self._clock()
        self._exported_ns = self._refreshed_ns = now_ns
        self._has_fresh_finding = False
        self._due_ns = now_ns + self._interval_ns

    def _see_agent(self, name: str) -> None:
        self._agents.see(name, self._clock())

    def _hurry(self) -> None:
        self._due_ns = min(self._due_ns, self._exported_ns + SOON_NS)

    def _export(self, now_ns: int) -> None:
        self._exported_ns = now_ns
        self._has_fresh_finding = False
        self._due_ns = now_ns + self._interval_ns
        self._refresh(now_ns)
        self._hand_over(now_ns)

    def _hand_over(self, now_ns: int) -> None:
        if self._submit is not None and (points := self.metrics.collect(now_ns)):
            self._submit("metrics", points)

    def _refresh(self, now_ns: int) -> None:
        self._refreshed_ns = now_ns
        self._agents.refresh(now_ns, self._open_calls())
        sample = self._sample_process() if self._sample_process is not None else None
        if sample is not None:
            set_process(self.metrics, sample)
        if self._count_telemetry is not None:
            set_telemetry(self.metrics, self._count_telemetry())
        for observer in self._observers:
            observer(self.metrics, now_ns)
