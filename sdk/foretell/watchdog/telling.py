"""What is done about every finding: a line in the log, an event on the call, a number in the metrics, a row in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from foretell.errors import FAULTS
from foretell.model.finding import Severity
from foretell.model.log import LogRecord
from foretell.semconv import own
from foretell.semconv.encode import finding_event

if TYPE_CHECKING:
    from foretell.model.finding import Finding
    from foretell.model.kinds import Outcome

LOGGER: Final = "foretell.watchdog"
SOURCE: Final = "commentary"
SEVERITIES: Final = {Severity.CRITICAL: (17, "ERROR"), Severity.WARNING: (13, "WARN"), Severity.INFO: (9, "INFO")}

OpenCall = Any  # an operation: the floor above, known here by what it has


class Herald:
    """Tells of findings, in order, and then does what was asked for about them."""

    def __init__(
        self,
        publish: Callable[[Sequence[Finding], Sequence[LogRecord]], object],
        *,
        open_calls: Mapping[int, OpenCall],
        refine: Callable[[Finding], Finding],
        now_ns: Callable[[], int],
        helpers: Sequence[Helper] = (),
    ) -> None:
        """`publish` gives findings and their lines to the sinks; each of `helpers` then hears of them.

        `refine` takes secrets out of a finding before anybody hears of it.
        """
        self._publish = publish
        self._open_calls = open_calls
        self._refine = refine
        self._now_ns = now_ns
        self._helpers = helpers

    def tell(self, findings: Sequence[Finding], ended_runs: Mapping[str, Outcome]) -> None:
        """Tell of findings that begin and end."""
        told = [self._improve(self._refine(finding), ended_runs) for finding in findings]
        places = CallIndex(self._open_calls) if told else None
        calls = [places.find(finding) if places is not None else None for finding in told]
        if told:
            now_ns = self._now_ns()
            self._publish(told, [make_record(*pair, now_ns) for pair in zip(told, calls, strict=True)])
        for finding, call in zip(told, calls, strict=True):
            if finding.end_ns is None and call is not None:
                event = finding_event(finding)
                call.add_event(event.name, **event.fields)
        for helper in self._helpers:
            for finding in told:
                self._guarded(helper.take, finding)
            if ended_runs:
                self._guarded(helper.end_runs, ended_runs)

    def attend(self) -> bool:
        """Let each helper do what is due."""
        busy = [self._guarded(helper.attend) for helper in self._helpers]
        return any(busy)

    def close(self) -> None:
        """Let each helper end."""
        for helper in self._helpers:
            self._guarded(helper.close)

    def after_fork(self) -> None:
        """Let each helper start afresh."""
        for helper in self._helpers:
            self._guarded(helper.after_fork)

    def _improve(self, finding: Finding, ended_runs: Mapping[str, Outcome]) -> Finding:
        if finding.end_ns is not None:
            for helper in self._helpers:
                try:
                    finding = helper.improve(finding, ended_runs)
                except Exception as error:
                    FAULTS.note("watchdog.actions", error)
        return finding

    def _guarded(self, action: Callable[..., Any], *args: object) -> Any:
        try:
            return action(*args)
        except Exception as error:
            FAULTS.note("watchdog.actions", error)
            return None


class Helper:
    """Does one thing about findings. None of it may wait, but for `attend`, which another thread may call meanwhile."""

    def take(self, finding: Finding) -> None:
        """Hear of a finding that begins, or that ended where it has an `end_ns`."""

    def improve(self, finding: Finding, ended_runs: Mapping[str, Outcome]) -> Finding:
        """Return a finding that ended with what is known of its end."""
        return finding

    def end_runs(self, outcomes: Mapping[str, Outcome]) -> None:
        """Hear which runs ended, and how."""

    def attend(self) -> bool:
        """Do what is due; True while there is something to attend to."""
        return False

    def close(self) -> None:
        """End."""

    def after_fork(self) -> None:
        """Start afresh in a forked child."""


class CallIndex:
    """The calls that are open at one moment, by their own ids and by their runs."""

    def __init__(self, open_calls: Mapping[int, OpenCall]) -> None:
        """Read them once: there may be thousands, and as many findings."""
        self._by_span: dict[int, OpenCall] = {}
        self._outermost: dict[str, OpenCall] = {}
        for call in list(open_calls.values()):
            self._by_span[call.span_id] = call
            known = self._outermost.get(call.run_id)
            if known is None or call.start_ns < known.start_ns:
                self._outermost[call.run_id] = call

    def find(self, finding: Finding) -> OpenCall | None:
        """The open call that a finding is about, or else the outermost open one of its run."""
        found = None if finding.span_id is None else self._by_span.get(finding.span_id)
        return found if found is not None or finding.run_id is None else self._outermost.get(finding.run_id)


def make_record(finding: Finding, call: OpenCall | None, now_ns: int) -> LogRecord:
    """The commentary: what was found and what to do, or that it is over and after how long."""
    number, word = SEVERITIES[finding.severity]
    attributes: dict[str, Any] = {
        "trigger": finding.trigger,
        "severity": finding.severity.value,
        "summary": finding.explanation,
        "key": finding.key,
        "confidence": finding.confidence,
        "evidence": finding.evidence,
    }
    if finding.agent_name is not None:
        attributes["agent"] = finding.agent_name
    if finding.end_ns is None:
        body = f"{finding.explanation} {finding.advice}".strip()
    else:
        number, word = SEVERITIES[Severity.INFO]
        attributes["time_to_resolve_s"] = lasted_s = (finding.end_ns - finding.onset_ns) / 1e9
        body = f"Over after {lasted_s:.1f} s: {finding.explanation}"
    return LogRecord(
        now_ns,
        number,
        word,
        body,
        own.FINDING_EVENT,
        attributes,
        SOURCE,
        finding.trace_id if call is None else call.trace_id,
        finding.span_id if call is None else call.span_id,
        finding.run_id,
        LOGGER,
        0 if call is None else call.trace_flags,
    )
