"""Turns what detectors say at one moment into findings that begin and end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from foretell.model.finding import Finding, Verdict

if TYPE_CHECKING:
    from foretell.detectors.judgement import Judgement
    from foretell.triggers.trigger import Trigger

COOLDOWN_NS: Final = 60_000_000_000
"""So long after its end the same trouble about the same thing is not told again, unless it lasts longer than that."""
MAX_OPEN: Final = 10_000
"""So many findings of one trigger are told at once; what is over that is only counted."""
MAX_REMEMBERED: Final = 10_000
"""So many ends are remembered for their cooldown."""

FindTrace = Callable[[int | None, str | None], int | None]
"""A call's `span_id` and a run's id → the trace of that call, or else of that run."""


class Episodes:
    """Keeps one finding for each trigger and key while it fires. Pure: judgements and the time in, changes out."""

    def __init__(self, cooldown_ns: int = COOLDOWN_NS, find_trace: FindTrace = lambda *_: None) -> None:
        """Begin with nothing firing; `find_trace` tells in which trace a call or run is."""
        self.untold = 0
        """How many findings were over the limit."""
        self._cooldown_ns = cooldown_ns
        self._find_trace = find_trace
        self._open: dict[str, dict[str, Finding]] = {}
        self._ended_ns: OrderedDict[tuple[str, str], int] = OrderedDict()

    def __len__(self) -> int:
        """How many findings last now."""
        return sum(map(len, self._open.values()))

    def take(self, trigger: Trigger, judgements: Iterable[Judgement], now_ns: int) -> list[Finding]:
        """Return the findings that begin, and those that end with their `end_ns`.

        What is unknown stays as it is; a key that is named no more has fallen quiet.
        """
        lasting = self._open.get(trigger.id, {})
        changes: list[Finding] = []
        named: set[str] = set()
        for judgement in judgements:
            if judgement.verdict is Verdict.QUIET:
                continue
            key = judgement.key
            named.add(key)
            if judgement.verdict is Verdict.FIRING and key not in lasting and self._may_begin(trigger.id, key, now_ns):
                trace_id = self._find_trace(judgement.span_id, judgement.run_id)
                finding = _begin(trigger, judgement, now_ns, trace_id)
                self._open.setdefault(trigger.id, lasting)[key] = finding
                changes.append(finding)
        if len(named) < len(lasting) or not named.issuperset(lasting):
            changes += [self._end(lasting, key, now_ns) for key in lasting.keys() - named]
        return changes

    def list_open(self, trigger: str | None = None) -> Iterator[Finding]:
        """Yield the findings that last now, of one trigger or of all."""
        for lasting in list(self._open.values()) if trigger is None else [self._open.get(trigger, {})]:
            yield from list(lasting.values())

    def end_all(self, now_ns: int, trigger: str | None = None) -> list[Finding]:
        """End what lasts, of one trigger or of all, because nobody watches any more; the evidence says so."""
        groups = list(self._open.values()) if trigger is None else [self._open.get(trigger, {})]
        ended = [self._end(lasting, key, now_ns) for lasting in groups for key in list(lasting)]
        return [replace(finding, evidence={**finding.evidence, "unfinished": True}) for finding in ended]

    def clear(self) -> None:
        """Forget everything, in a forked child: the findings are the parent's."""
        self._open.clear()
        self._ended_ns.clear()

    def _may_begin(self, trigger: str, key: str, now_ns: int) -> bool:
        ended_ns = self._ended_ns.get((trigger, key))
        # A clock that was set back makes the time since then negative: that is no cooldown.
        if ended_ns is not None and 0 <= now_ns - ended_ns < self._cooldown_ns:
            return False
        if len(self._open.get(trigger, ())) >= MAX_OPEN:
            self.untold += 1
            return False
        return True

    def _end(self, lasting: dict[str, Finding], key: str, now_ns: int) -> Finding:
        finding = lasting.pop(key)
        self._ended_ns[finding.trigger, key] = now_ns
        self._ended_ns.move_to_end((finding.trigger, key))
        if len(self._ended_ns) > MAX_REMEMBERED:
            self._ended_ns.popitem(last=False)
        return replace(finding, end_ns=max(finding.onset_ns, now_ns))


def _begin(trigger: Trigger, judgement: Judgement, now_ns: int, trace_id: int | None) -> Finding:
    onset_ns = judgement.onset_ns
    return Finding(
        trigger=trigger.id,
        key=judgement.key,
        severity=trigger.severity,
        verdict=Verdict.FIRING,
        # A clock that was set back must not put the onset behind the present.
        onset_ns=min(onset_ns, now_ns) if onset_ns else now_ns,
        end_ns=None,
        explanation=judgement.explanation or trigger.meaning,
        advice=judgement.advice or trigger.advice,
        confidence=judgement.confidence,
        evidence=dict(judgement.evidence),
        run_id=judgement.run_id,
        span_id=judgement.span_id,
        agent_name=judgement.agent_name,
        trace_id=trace_id,
    )
