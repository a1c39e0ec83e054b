"""Notices that content could not be redacted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.detectors.resources.counts import RisingCounts
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from foretell.model.samples import TelemetrySample

PREFIXES: Final = ("errors.redaction.", "fault.redaction.")
"""Rules that failed on a call's content, and hooks that failed on logs and scores."""


class RedactionFailure(Detector):
    """Fires while redaction failed within `window_s`; what it failed on was withheld."""

    trigger: ClassVar[str] = "redaction_failure"
    kinds: ClassVar[frozenset[Kind]] = frozenset()

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with `min_failures` and `window_s`."""
        super().__init__(limits)
        self._failed = RisingCounts(PREFIXES, limits["window_s"] * 1e9)

    def take_telemetry(self, sample: TelemetrySample) -> None:
        """See how often redaction failed."""
        self._failed.take(sample.counts, sample.time_ns)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Fire for each kind of failure."""
        least = self.limits["min_failures"]
        return [
            self._describe(name, count, since_ns)
            for name, (count, since_ns) in self._failed.rises(now_ns).items()
            if count >= least
        ]

    def _describe(self, name: str, count: int, since_ns: int) -> Judgement:
        what = name.rpartition(".")[2]
        window_s = self.limits["window_s"]
        return Judgement(
            what,
            Verdict.FIRING,
            onset_ns=since_ns,
            explanation=(
                f"Redaction ({what}) failed {count} times within {window_s:g} s (limit "
                f"{self.limits['min_failures']:g}); the content was withheld."
            ),
            evidence={"failures": count, "where": name, "window_s": window_s},
        )
