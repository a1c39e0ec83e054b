"""What happens to a batch of finished calls before any sink sees it: facts, cost, sums, contents, in this order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from foretell.cost.refine import refine_costs
from foretell.errors import FAULTS
from foretell.instrument.operation import Operation
from foretell.instrument.otel.foreign_call import ForeignCall, read_foreign
from foretell.instrument.work.completing import add_totals, adopt_inner, complete_facts, is_priced

if TYPE_CHECKING:
    from foretell.cost.prices import PriceBook
    from foretell.model.call import Call

WITHHELD = "[redacted:failed]"
"""What stands where redaction itself failed: nothing raw is ever kept instead."""


@dataclass(slots=True)
class Refiner:
    """The worker's CPU work on a batch. A step that fails is counted and said once; the next one still runs."""

    prices: PriceBook
    refine_contents: Callable[[Sequence[Call]], Any]

    def __call__(self, calls: Sequence[Call]) -> None:
        """Refine the calls in place, but for those that were refined when they ended."""
        late = [call for call in calls if not (isinstance(call, Operation) and call.is_refined)]
        if late:
            self._sum([call for call in late if not (isinstance(call, ForeignCall) and call.is_summed)])
            self._redact(late)

    def refine_early(self, calls: Sequence[Operation]) -> None:
        """Refine calls on their caller's thread, where an application's provider wants the finished span at once."""
        self._sum(calls)
        self._redact(calls)
        for call in calls:
            call.is_refined = True

    def sum_early(self, calls: Sequence[ForeignCall]) -> None:
        """Add foreign calls to their agents' sums on their caller's thread: the agent's span may end next."""
        self._sum(calls)
        for call in calls:
            call.is_summed = True

    def _sum(self, calls: Sequence[Call]) -> None:
        _guarded("foreign", read_foreign, calls)
        _guarded("facts", complete_facts, calls)
        _guarded("adoption", adopt_inner, calls)
        _guarded("cost", self._refine_costs, calls)
        _guarded("totals", add_totals, calls)

    def _redact(self, calls: Sequence[Call]) -> None:
        if not _guarded("redaction", self.refine_contents, calls):
            withhold(calls)

    def _refine_costs(self, calls: Sequence[Call]) -> None:
        refine_costs(calls, self.prices, is_tracked=is_priced)


def _guarded(hook: str, step: Callable[[Sequence[Call]], Any], calls: Sequence[Call]) -> bool:
    try:
        step(calls)
    except Exception as error:
        FAULTS.note(hook, error)
        return False
    return True


def withhold(calls: Sequence[Call]) -> None:
    """Take every free text out of calls whose redaction failed."""
    for call in calls:
        call.input = call.output = call.kept_input = call.kept_output = None
        if call.error is not None:
            call.error = replace(call.error, message=WITHHELD, stacktrace="")
        call.attributes = dict.fromkeys(call.attributes, WITHHELD) if call.attributes else call.attributes
        call.events = [replace(event, fields={}) for event in call.events] if call.events else call.events
