"""Notices that telemetry is lost, or that nothing is exported any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.detectors.resources.counts import RisingCounts
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from foretell.model.samples import TelemetrySample


class TelemetryGap(Detector):
    """Fires while items were dropped within `window_s`, and where calls end but nothing was exported for as long."""

    trigger: ClassVar[str] = "telemetry_gap"
    kinds: ClassVar[frozenset[Kind]] = frozenset()

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with `min_dropped` and `window_s`."""
        super().__init__(limits)
        self._window_ns = limits["window_s"] * 1e9
        self._dropped = RisingCounts(("dropped.",), self._window_ns)
        self._exported = self._ended = 0
        self._ended_at_export = 0
        self._exported_ns: int | None = None
        self._last_ns = 0

    def take_telemetry(self, sample: TelemetrySample) -> None:
        """See what was dropped, and what ended and was exported."""
        counts = sample.counts
        self._dropped.take(counts, sample.time_ns)
        self._ended = _add_up(counts, "ended.")
        exported = _add_up(counts, "exported.")
        # After a jump of the clock nobody knows how long ago the last export was: it is as if it were now.
        has_jumped = not 0 <= sample.time_ns - self._last_ns <= self._window_ns / 4
        if exported != self._exported or (has_jumped and self._exported_ns is not None):
            self._exported, self._exported_ns, self._ended_at_export = exported, sample.time_ns, self._ended
        self._last_ns = sample.time_ns

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Fire for each kind of loss, and for silence."""
        least = self.limits["min_dropped"]
        found = [
            self._describe(name.removeprefix("dropped."), count, since_ns)
            for name, (count, since_ns) in self._dropped.rises(now_ns).items()
            if count >= least
        ]
        if self._exported_ns is not None and self._ended > self._ended_at_export:
            silent_ns = self._last_ns - self._exported_ns
            if silent_ns > self._window_ns:
                found.append(self._describe_silence(silent_ns, self._exported_ns))
        return found

    def _describe(self, what: str, count: int, since_ns: int) -> Judgement:
        window_s = self.limits["window_s"]
        signal, _, reason = what.partition(".")
        why = f" ({reason.replace('_', ' ')})" if reason else ""
        return Judgement(
            what,
            Verdict.FIRING,
            onset_ns=since_ns,
            explanation=(
                f"{count} {signal} were dropped{why} within {window_s:g} s (limit {self.limits['min_dropped']:g}): "
                "what is shown is not the whole."
            ),
            evidence={"dropped": count, "signal": signal, "reason": reason, "window_s": window_s},
        )

    def _describe_silence(self, silent_ns: int, since_ns: int) -> Judgement:
        missing = self._ended - self._ended_at_export
        return Judgement(
            "export",
            Verdict.FIRING,
            onset_ns=since_ns,
            explanation=(
                f"Nothing was exported for {silent_ns / 1e9:.0f} s (limit {self.limits['window_s']:g} s), "
                f"while {missing} calls ended."
            ),
            confidence=0.9,
            evidence={"silent_s": round(silent_ns / 1e9), "window_s": self.limits["window_s"], "ended": missing},
        )


def _add_up(counts: Mapping[str, int], prefix: str) -> int:
    return sum(count for name, count in counts.items() if name.startswith(prefix))
