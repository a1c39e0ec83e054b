"""The steps of one agent in one run, and the rules that find repetition among them."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from foretell.detectors.behaviour.loops.signatures import UNKNOWN

ROUNDS: Final = 3
NOVEL_STEPS: Final = 2
"""So many new steps in a row end a loop: one may be chance."""


@dataclass(frozen=True, slots=True)
class LoopLimits:
    """The limits of `agent_loop` as whole numbers."""

    repeats: int
    error_repeats: int
    alternations: int
    cycle_calls: int
    same_error_repeats: int
    window_calls: int
    distinct_results: int
    distinct_share: float
    near_duplicates: int
    near_duplicate_bits: int
    handoffs: int

    @property
    def kept_steps(self) -> int:
        """So many steps are enough for every rule."""
        return max(
            self.repeats, self.error_repeats, self.alternations, ROUNDS * self.cycle_calls,
            self.same_error_repeats, self.window_calls,
        )  # fmt: skip

    @classmethod
    def read(cls, limits: Mapping[str, float]) -> LoopLimits:
        """Take them by their names in the catalogue."""
        whole = {name: int(limits[name]) for name in cls.__slots__ if name in limits}
        defaults = {"cycle_calls": 6, "near_duplicate_bits": 3}
        return cls(**{**defaults, **whole, "distinct_share": limits["distinct_share"]})  # type: ignore[arg-type] # by name


@dataclass(frozen=True, slots=True)
class Pattern:
    """A repetition that a rule found."""

    rule: str
    value: float
    limit: float
    """The value that reached it, and the name of the limit is `rule`'s own."""
    first: int
    """Place of its first step."""
    explanation: str
    confidence: float


NO_STEPS: Final = array("q")
"""Never written to."""


class Steps:
    """The last calls of one agent with their results, as numbers that are equal where the steps say the same."""

    __slots__ = ("_kept", "end_ns", "ends", "errors", "names", "novel", "results", "spans", "symbols")

    def __init__(self, kept: int) -> None:
        """Begin with no step; the last `kept` will be remembered."""
        self._kept = kept
        # Few agents come to have steps that are compared: what holds them is made with the first one.
        self.symbols = self.results = self.errors = self.ends = self.spans = NO_STEPS
        self.names: list[str] = []
        self.end_ns = 0
        self.novel = 0
        """How many steps in a row were new."""

    def add(self, name: str, signature: int, result: int, error: int, span_id: int, end_ns: int) -> bool:
        """Note a step; True if the same call with the same result is among the last ones."""
        symbol = hash((signature, result, error))
        if not self.symbols:
            self.symbols, self.results, self.errors = array("q"), array("q"), array("q")
            self.ends, self.spans = array("q"), array("Q")
        is_known = symbol in self.symbols
        if len(self.symbols) >= self._kept:
            for column in (self.symbols, self.results, self.errors, self.spans, self.ends):
                del column[0]
            del self.names[0]
        self.symbols.append(symbol)
        self.results.append(error or result)
        self.errors.append(error)
        self.spans.append(span_id)
        self.ends.append(end_ns)
        self.names.append(name)
        self.novel = 0 if is_known else self.novel + 1
        return is_known

    def restart(self) -> None:
        """Forget the steps: somebody said something new."""
        if self.symbols:
            for column in (self.symbols, self.results, self.errors, self.spans, self.ends):
                del column[:]
            self.names.clear()
        self.novel = 0


def find_pattern(steps: Steps, limits: LoopLimits, *, is_known: bool, is_decided: bool) -> Pattern | None:
    """The repetition that the last step completes, if there is one.

    `is_decided`: a model was asked between the last two steps, or nothing is known of a model; else equal failures
    may be tries of one call by the program itself.
    """
    if is_known:
        found = _find_repeats(steps, limits, is_decided) or _find_cycle(steps, limits)
        if found is not None:
            return found
    if steps.errors[-1] != UNKNOWN:
        found = _find_same_error(steps, limits)
        if found is not None:
            return found
    return _find_nothing_new(steps, limits) if is_known else None


def _find_repeats(steps: Steps, limits: LoopLimits, is_decided: bool) -> Pattern | None:
    """The same call with the same result, so often in a row."""
    symbols = steps.symbols
    last, times = symbols[-1], 1
    while times < len(symbols) and symbols[-1 - times] == last:
        times += 1
    has_failed = steps.errors[-1] != UNKNOWN
    limit = limits.error_repeats if has_failed and is_decided else limits.repeats
    if times < limit:
        return None
    what = "error" if has_failed else "result"
    text = f"The call {steps.names[-1]} came {times} times in a row with the same input and the same {what}"
    return Pattern(
        "error_repeats" if limit == limits.error_repeats and has_failed else "repeats",
        times, limit, len(symbols) - times, f"{text} (limit {limit}).", 0.95,
    )  # fmt: skip


def _find_cycle(steps: Steps, limits: LoopLimits) -> Pattern | None:
    """Two or more steps in the same order again and again."""
    symbols = steps.symbols
    size = len(symbols)
    for period in range(2, limits.cycle_calls + 1):
        need = max(ROUNDS * period, limits.alternations)
        if size < need or symbols[-1] != symbols[-1 - period]:
            continue
        start = size - need
        if symbols[start + period :] == symbols[start : size - period]:
            while start and symbols[start - 1] == symbols[start - 1 + period]:
                start -= 1
            names = " → ".join(steps.names[-period:])
            text = f"The {period} calls {names} came {(size - start) // period} times in the same order with the same results"
            return Pattern("alternations", size - start, need, start, f"{text} (limit {need} calls).", 0.95)
    return None


def _find_same_error(steps: Steps, limits: LoopLimits) -> Pattern | None:
    """One error again and again, though the calls differ: attempts that do not get closer."""
    error, window = steps.errors[-1], limits.window_calls
    start = max(0, len(steps.errors) - window)
    places = [place for place in range(start, len(steps.errors)) if steps.errors[place] == error]
    limit = limits.same_error_repeats
    if len(places) < limit:
        return None
    between = steps.symbols[places[0] : places[-1] + 1]
    if len(set(between)) < 2:
        return None
    text = f"The same error came {len(places)} times in the last {len(steps.errors) - start} calls, with different calls between"
    return Pattern("same_error_repeats", len(places), limit, places[0], f"{text} (limit {limit}).", 0.85)


def _find_nothing_new(steps: Steps, limits: LoopLimits) -> Pattern | None:
    """Many calls, few different ones, and few different results."""
    window = limits.window_calls
    if len(steps.symbols) < window:
        return None
    kinds = len(set(steps.symbols[-window:]))
    if kinds >= limits.distinct_share * window:
        return None
    results = steps.results[-window:]
    different = len(set(results))
    if different > limits.distinct_results or UNKNOWN in results:
        return None
    text = f"The last {window} calls gave only {different} different results and were {kinds} different steps"
    limit = f"limits {limits.distinct_results} results, a share of {limits.distinct_share:g}"
    return Pattern(
        "distinct_results", different, limits.distinct_results, len(steps.symbols) - window, f"{text} ({limit}).", 0.8
    )
