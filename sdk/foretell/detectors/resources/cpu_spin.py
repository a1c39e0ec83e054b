"""Notices a thread that burns a whole core and makes no progress."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.detectors.resources.leaves import OpenLeaves
from foretell.model.call import Call
from foretell.model.finding import Verdict
from foretell.model.process import ProcessSample
from foretell.model.samples import Stack, StackSample

TOP_FUNCTIONS: Final = 3
"""A loop and what it calls: so many functions are found at the top of nearly all of its stacks."""
DIP_SHARE: Final = 0.5
"""Of the limit: on a busy machine a thread gets less than it takes for a second; below this it did something else."""
MAX_STACKS: Final = 64
OWN_ROLE: Final = "foretell"


class Burn:
    """One thread that has been busy since some moment."""

    __slots__ = ("cpu", "is_firing", "onset_ns", "role", "stacks", "unseen_ns")

    def __init__(self, onset_ns: int, role: str) -> None:
        """Begin now."""
        self.onset_ns = onset_ns
        self.role = role
        self.cpu: deque[tuple[int, float]] = deque()
        """Nanoseconds and share of a core of each interval between two samples, oldest first."""
        self.stacks: deque[Stack] = deque(maxlen=MAX_STACKS)
        self.unseen_ns = 0
        """The longest interval: nobody could look, for C code held the interpreter."""
        self.is_firing = False

    def add(self, passed_ns: int, share: float, hold_ns: float) -> None:
        """Add an interval, and forget what is older than the time it has to hold."""
        self.cpu.append((passed_ns, share))
        while len(self.cpu) > 1 and self.burnt_ns - self.cpu[0][0] >= hold_ns:
            self.cpu.popleft()
        self.unseen_ns = max(passed_ns for passed_ns, _ in self.cpu)

    @property
    def burnt_ns(self) -> int:
        """How long the intervals are that are remembered."""
        return sum(passed_ns for passed_ns, _ in self.cpu)

    @property
    def share(self) -> float:
        """Of a core, over all of them."""
        return sum(passed_ns * share for passed_ns, share in self.cpu) / max(self.burnt_ns, 1)


class CpuSpin(Detector):
    """Fires where a thread takes more than `share` of a core for `hold_s` at one place, and no call ends meanwhile."""

    trigger: ClassVar[str] = "cpu_spin"

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with `share`, `hold_s`, `same_stack_share` and `stack_samples`."""
        super().__init__(limits)
        self._hold_ns = limits["hold_s"] * 1e9
        self._last: ProcessSample | None = None
        self._burns: dict[int, Burn] = {}
        self._leaves = OpenLeaves()

    def take_open(self, call: Call, now_ns: int) -> None:
        """Know what is at work."""
        self._leaves.open(call)

    def take(self, call: Call, now_ns: int) -> None:
        """A call that ends is progress."""
        self.take_all((call,), now_ns)

    def take_all(self, calls: Sequence[Call], now_ns: int) -> None:
        """Calls that end are progress."""
        self._leaves.end_all(calls)
        self._burns.clear()

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget the calls of a run that is over."""
        self._leaves.end_run(run_id)

    def take_process(self, sample: ProcessSample) -> None:
        """See how much CPU each thread has used since the last sample."""
        last, self._last = self._last, sample
        passed_ns = sample.time_ns - last.time_ns if last is not None else 0
        if last is None or passed_ns <= 0 or not sample.thread_cpu_s:
            return
        least = DIP_SHARE * self.limits["share"]
        burns = {}
        for thread_id, used_s in sample.thread_cpu_s.items():
            # A new thread, and one whose id was another's before, have used what they have used in this interval.
            before_s = last.thread_cpu_s.get(thread_id, 0.0)
            gained_s = used_s - before_s if used_s >= before_s else used_s
            share = gained_s / max(passed_ns / 1e9 - _delay(thread_id, last, sample), gained_s, 1e-9)
            role = sample.thread_roles.get(thread_id, "other")
            if share >= least and role != OWN_ROLE:
                burn = self._burns.get(thread_id) or Burn(last.time_ns, role)
                burn.add(passed_ns, share, self._hold_ns)
                burns[thread_id] = burn
        self._burns = burns

    def take_stacks(self, sample: StackSample) -> None:
        """See where the busy threads are."""
        for thread_id, burn in self._burns.items():
            stack = sample.stacks.get(thread_id)
            if stack:
                burn.stacks.append(stack)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Fire for each thread that spins; unknown where its stacks are missing."""
        if not self._burns or not self._leaves.may_spin():
            return ()
        found = []
        for thread_id, burn in self._burns.items():
            if burn.burnt_ns < self._hold_ns or burn.share <= self.limits["share"]:
                continue
            verdict = self._weigh(burn)
            if verdict is Verdict.FIRING:
                found.append(self._describe(thread_id, burn))
            elif verdict is Verdict.UNKNOWN:
                found.append(Judgement(_key(thread_id), Verdict.UNKNOWN))
        return found

    def _weigh(self, burn: Burn) -> Verdict:
        if burn.role == "native" and not burn.stacks:
            return Verdict.FIRING  # it has no stack that Python could show
        was_unseen = burn.unseen_ns >= self._hold_ns / 2
        if len(burn.stacks) < (1 if was_unseen else self.limits["stack_samples"]):
            return Verdict.UNKNOWN
        if was_unseen:
            return Verdict.FIRING  # it was one and the same call into C: nobody else could run
        return Verdict.FIRING if same_share(burn.stacks) >= self.limits["same_stack_share"] else Verdict.QUIET

    def _describe(self, thread_id: int, burn: Burn) -> Judgement:
        seconds, share = burn.burnt_ns / 1e9, burn.share
        stack = most_common(burn.stacks)
        call = self._leaves.suspect()
        where = f" at {stack[-1]}" if stack else ", in code that is not Python's"
        return Judgement(
            _key(thread_id),
            Verdict.FIRING,
            onset_ns=burn.onset_ns,
            explanation=(
                f"A thread ({burn.role}) has taken {share:.0%} of a core for {seconds:.0f} s (limits "
                f"{self.limits['share']:.0%}, {self.limits['hold_s']:g} s){where}, and no call ended meanwhile."
            ),
            confidence=0.95 if stack else 0.6,
            evidence={
                "thread_id": thread_id,
                "role": burn.role,
                "share": round(share, 3),
                "share_limit": self.limits["share"],
                "burnt_s": round(seconds, 1),
                "hold_s": self.limits["hold_s"],
                "same_stack_share": round(same_share(burn.stacks), 2) if burn.stacks else None,
                "stack": list(stack),
                "interpreter_was_held_s": round(burn.unseen_ns / 1e9, 1),
            },
            run_id=call.run_id if call is not None else None,
            span_id=call.span_id if call is not None else None,
            agent_name=call.agent_name if call is not None else None,
        )


def _delay(thread_id: int, before: ProcessSample, now: ProcessSample) -> float:
    """Return for how long a thread could have run between two samples and had no core: others took it."""
    delay_s, before_s = now.thread_delay_s.get(thread_id), before.thread_delay_s.get(thread_id)
    return max(delay_s - before_s, 0.0) if delay_s is not None and before_s is not None else 0.0


def same_share(stacks: Iterable[Stack]) -> float:
    """Return the share of the stacks whose top is one of the few functions that are most often there."""
    tops = Counter(_function(stack[-1]) for stack in stacks)
    total = sum(tops.values())
    return sum(count for _, count in tops.most_common(TOP_FUNCTIONS)) / total if total else 0.0


def most_common(stacks: Iterable[Stack]) -> Stack:
    """Return the newest of the stacks with the most frequent top."""
    listed = list(stacks)
    if not listed:
        return ()
    ((top, _),) = Counter(_function(stack[-1]) for stack in listed).most_common(1)
    return next(stack for stack in reversed(listed) if _function(stack[-1]) == top)


def _function(frame: str) -> str:
    """A frame without its line: `desk.py:31 wait` → `desk.py wait`."""
    place, _, name = frame.partition(" ")
    return f"{place.rpartition(':')[0]} {name}"


def _key(thread_id: int) -> str:
    return f"thread-{thread_id}"
