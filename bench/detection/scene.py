"""The stage on which an episode is told: agents call, memory grows, loops turn, and all of it becomes moments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from bench.detection.episode import Moment, Seen
from foretell.model.call import Call
from foretell.model.facts import AgentTotals, ErrorFacts, InferenceFacts, ToolFacts
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.process import ProcessSample
from foretell.model.samples import LoopSample, Stack, StackSample, TelemetrySample, Wait, WaitSample
from foretell.model.usage import Cost, Usage

BEGIN_NS = 1_767_225_600 * 10**9
"""2026-01-01: every episode begins at a midnight."""
TICK_S = 0.1
"""News reach the detectors so often; a call that lives longer than this is seen open first."""
LOOK_S = 0.5
"""The watchdog looks so often without news."""
MB = 1_000_000
MAIN = 4_001
"""The kernel's id of the main thread."""
PRICE_USD = {"gpt-4o": (2.5e-6, 1e-5), "gpt-4o-mini": (1.5e-7, 6e-7), "claude-sonnet-4-5": (3e-6, 1.5e-5)}
"""Per input and output token, roughly as providers list them."""

WINDOWS = {"gpt-4o": 128_000, "gpt-4o-mini": 128_000, "claude-sonnet-4-5": 200_000}
"""How many tokens a model holds; of others nobody knows."""


class Scene:
    """Collects what happens; times are seconds since the beginning."""

    def __init__(self, random: Random) -> None:
        """Begin with an empty stage; `random` decides everything that is left to chance."""
        self.random = random
        self.moments: list[Moment] = []
        self._open: dict[int, Call] = {}
        self._steps: dict[str, int] = {}

    # -- calls -------------------------------------------------------------------------------------------------------

    def run(self, at_s: float, agent: str = "desk", version: str | None = "1") -> Call:
        """Open a run: its root is an agent."""
        id = self.random.getrandbits(63) + 1
        root = Call(
            Kind.AGENT, agent, id=id, trace_id=self.random.getrandbits(127) + 1, run_id=f"{id:016x}", start_ns=ns(at_s)
        )
        root.agent_name, root.version, root.totals, root.step_index = agent, version, AgentTotals(), 0
        self._open[id] = root
        return root

    def open(self, parent: Call, kind: Kind, name: str, at_s: float, arguments: Any = None) -> Call:
        """Open a call below another one."""
        call = Call(
            kind,
            name,
            id=self.random.getrandbits(63) + 1,
            trace_id=parent.trace_id,
            run_id=parent.run_id,
            start_ns=ns(at_s),
        )
        call.parent_id = parent.span_id
        call.agent = call.group = parent if parent.kind is Kind.AGENT else parent.agent
        call.agent_name = name if kind is Kind.AGENT else parent.agent_name
        call.step_index = self._steps[parent.run_id] = self._steps.get(parent.run_id, 0) + 1
        if kind is Kind.AGENT:
            call.totals, call.version = AgentTotals(), parent.version
        if arguments is not None:
            call.input_payload = payload(arguments)
            call.identity = _hash(name, call.input_payload.text)
        self._open[call.id] = call
        return call

    def end(
        self,
        call: Call,
        at_s: float,
        outcome: Outcome = Outcome.OK,
        error: str | None = None,
        result: Any = None,
        **facts: Any,
    ) -> Call:
        """End a call; `error` is `Type: message`."""
        del self._open[call.id]
        ending: dict[str, Any] = {"end_ns": ns(at_s), "outcome": outcome, **facts}
        if error is not None:
            type_, _, message = error.partition(": ")
            ending["error"] = ErrorFacts(type_, message)
            ending["outcome"] = Outcome.ERROR if outcome is Outcome.OK else outcome
        if result is not None:
            ending["output_payload"] = payload(result)
        self._see_open(call, ns(at_s))
        self.moments.append(Moment(_tick_after(ns(at_s)), Seen.ENDED, call, ending))
        return call

    def tool(
        self,
        parent: Call,
        at_s: float,
        name: str,
        arguments: Any,
        result: Any = "ok",
        *,
        lasts_s: float = 0.3,
        error: str | None = None,
    ) -> float:
        """Call a tool; gives the time at which it ended."""
        call = self.open(parent, Kind.TOOL, name, at_s, arguments)
        call.facts = ToolFacts()
        self.end(call, at_s + lasts_s, error=error, result=None if error else result)
        return at_s + lasts_s

    def ask(
        self,
        parent: Call,
        at_s: float,
        said: str = "",
        *,
        lasts_s: float = 1.0,
        model: str = "gpt-4o",
        provider: str = "openai",
        tokens: tuple[int, int] | None = (900, 80),
        cached: int = 0,
        cost_usd: float | str | None = "priced",
        error: str | None = None,
        server: str | None = None,
        request: Mapping[str, Any] | None = None,
        asked: str | None = None,
    ) -> float:
        """Ask a model; gives the time at which it answered."""
        call = self.open(
            parent, Kind.LLM, model, at_s, [message("user", asked or f"go on ({call_number(self, parent)})")]
        )
        facts = call.facts = InferenceFacts(provider, request_model=model, response_model=model, server_address=server)
        facts.request = dict(request) if request else None
        ending: dict[str, Any] = {}
        if tokens is not None and error is None:
            ending["usage"] = Usage(tokens[0] - cached, cached, 0, tokens[1])
            priced = PRICE_USD.get(model)
            amount = (
                cost_usd if not isinstance(cost_usd, str) else priced and tokens[0] * priced[0] + tokens[1] * priced[1]
            )
            ending["cost"] = None if amount is None else Cost(float(amount), "genai-prices")
        facts.finish_reasons = () if error else ("stop",)
        self.end(call, at_s + lasts_s, error=error, result=[message("assistant", said)] if said else None, **ending)
        return at_s + lasts_s

    # -- samples -----------------------------------------------------------------------------------------------------

    def process(
        self, at_s: float, rss_mb: float, thread_cpu_s: Mapping[int, float], roles: Mapping[int, str] | None = None
    ) -> None:
        """Show the process."""
        roles = roles or dict.fromkeys(thread_cpu_s, "main")
        by_role: dict[str, float] = {}
        for thread, spent_s in thread_cpu_s.items():
            by_role[roles[thread]] = by_role.get(roles[thread], 0.0) + spent_s
        sample = ProcessSample(
            ns(at_s), int(rss_mb * MB), sum(thread_cpu_s.values()), 0.0, 12, len(thread_cpu_s), dict(thread_cpu_s), dict(roles),
            by_role, None, None, None, None,
        )  # fmt: skip
        self.moments.append(Moment(ns(at_s), Seen.PROCESS, sample))

    def stacks(self, at_s: float, stacks: Mapping[int, Stack]) -> None:
        """Show what threads are at."""
        self.moments.append(Moment(ns(at_s), Seen.STACKS, StackSample(ns(at_s), dict(stacks))))

    def loop(self, at_s: float, answered_s: float, stack: Stack = (), runs: Sequence[Call] = (), **more: Any) -> None:
        """Show an event loop."""
        agent = runs[-1].agent_name if runs else None
        sample = LoopSample(
            ns(at_s),
            1,
            ns(answered_s),
            MAIN,
            stack=stack,
            run_ids=tuple(run.run_id for run in runs),
            agent_name=agent,
            **more,
        )
        self.moments.append(Moment(ns(at_s), Seen.LOOP, sample))

    def waits(self, at_s: float, *waits: Wait) -> None:
        """Show who waits for whom."""
        self.moments.append(Moment(ns(at_s), Seen.WAITS, WaitSample(ns(at_s), waits)))

    def counts(self, at_s: float, counts: Mapping[str, int]) -> None:
        """Show our own counts."""
        self.moments.append(Moment(ns(at_s), Seen.TELEMETRY, TelemetrySample(ns(at_s), dict(counts))))

    def looks(self, to_s: float, from_s: float = 0.0, every_s: float = LOOK_S) -> None:
        """Let the watchdog look, at a phase of its own."""
        at_s = from_s + self.random.uniform(0, every_s)
        while at_s < to_s:
            self.moments.append(Moment(ns(at_s), Seen.LOOK))
            at_s += every_s

    def finish(self) -> list[Moment]:
        """Everything that happened, in order of time; calls that are still open are seen open."""
        last_ns = max((moment.at_ns for moment in self.moments), default=BEGIN_NS)
        for call in self._open.values():
            self._see_open(call, last_ns)
        return sorted(self.moments, key=lambda moment: moment.at_ns)

    def _see_open(self, call: Call, until_ns: int) -> None:
        seen_ns = _tick_after(call.start_ns + int(TICK_S * 1e9))
        if seen_ns < until_ns:
            self.moments.append(Moment(seen_ns, Seen.OPEN, call))


def tell_again(scene: Scene, name: str = "", after_s: float = 0.0) -> None:
    """Tell the ends of calls of a name (of all) once more, a little later: duplicates, as retries make them."""
    again = [moment for moment in scene.moments if moment.seen is Seen.ENDED and name in moment.what.name]
    scene.moments += [replace(moment, at_ns=moment.at_ns + round(after_s * 1e9)) for moment in again]


def ns(at_s: float) -> int:
    """The Unix time of a moment of the episode."""
    return BEGIN_NS + round(at_s * 1e9)


def message(role: str, text: str) -> dict[str, Any]:
    """A message as the conventions write it."""
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def payload(value: Any) -> Payload:
    """A content as it is kept."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Payload(text, len(text.encode()))


def call_number(scene: Scene, parent: Call) -> int:
    """A number that no other call of the run has."""
    return scene._steps.get(parent.run_id, 0)  # noqa: SLF001  # a helper of the same file


def _tick_after(at_ns: int) -> int:
    tick_ns = int(TICK_S * 1e9)
    return -(-at_ns // tick_ns) * tick_ns


def _hash(name: str, text: str) -> str:
    return hashlib.blake2b(f"{name}\0{text}".encode(), digest_size=16).hexdigest()
