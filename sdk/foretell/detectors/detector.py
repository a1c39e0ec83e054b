"""The seam of the detectors: calls, samples and the time come in, judgements go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from foretell.model.kinds import Kind

if TYPE_CHECKING:
    from foretell.detectors.judgement import Judgement
    from foretell.model.call import Call
    from foretell.model.process import ProcessSample
    from foretell.model.samples import LoopSample, StackSample, TelemetrySample, WaitSample


class Detector:
    """Watches for one trigger. Pure: no clock, no thread, no input or output, and no memory without a bound.

    What a subclass does not override is never called, so that watching costs only where somebody watches. All
    methods are called from one thread at a time. Calls are read, never changed or kept beyond what the rule needs;
    a call that ends may never have been seen open (those that live shorter than a tick are not). Times are Unix
    nanoseconds and may jump: a time that lies before an earlier one must not break anything.
    """

    trigger: ClassVar[str]
    """The id in the catalogue."""
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)
    """The only kinds of calls that `take_open` and `take` get."""

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with these limits, by their names in the catalogue."""
        self.limits = limits

    def take_open(self, call: Call, now_ns: int) -> None:
        """See a call that is open; it is still changing, so read only what is set at its opening."""

    def take(self, call: Call, now_ns: int) -> None:
        """See a call that ended, with its facts, usage and cost."""

    def take_all(self, calls: Sequence[Call], now_ns: int) -> None:
        """See calls that ended, in this order. A subclass that can pass over most of them at once has its own."""
        for call in calls:
            self.take(call, now_ns)

    def take_process(self, sample: ProcessSample) -> None:
        """See the process: memory, CPU by thread."""

    def take_stacks(self, sample: StackSample) -> None:
        """See what the threads are at."""

    def take_loop(self, sample: LoopSample) -> None:
        """See how an event loop does."""

    def take_waits(self, sample: WaitSample) -> None:
        """See who waits for whom."""

    def take_telemetry(self, sample: TelemetrySample) -> None:
        """See our own counts."""

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget a run whose root has ended; what was firing about it is over."""

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say what fires, what fell quiet and what cannot be told. Asked after every batch and every look.

        A key that fired and is named no more, neither firing nor unknown, has fallen quiet.
        """
        return ()
