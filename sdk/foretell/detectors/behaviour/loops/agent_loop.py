"""Notices an agent that repeats its steps and learns nothing new."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from foretell.detectors.behaviour.board import Board, Table, end_of, hex_id, join_key
from foretell.detectors.behaviour.loops.answers import Answers, are_alike
from foretell.detectors.behaviour.loops.handoffs import Handoffs, is_handoff
from foretell.detectors.behaviour.loops.signatures import UNKNOWN, VOID, sign_call, sign_error, sign_result
from foretell.detectors.behaviour.loops.steps import NOVEL_STEPS, LoopLimits, Pattern, Steps, find_pattern
from foretell.detectors.behaviour.loops.young import YoungRuns
from foretell.detectors.behaviour.roles import Role, find_role
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.dependency import is_no_answer
from foretell.model.finding import Verdict
from foretell.model.kinds import ABORTED, AGENT, CANCELLED, HALTED, LLM, MEMORY, RETRIEVER, STEP, TOOL, Kind
from foretell.semconv import own

if TYPE_CHECKING:
    from foretell.model.call import Call

EVIDENCE_CALLS: Final = 12
CLOCK_STEP_NS: Final = 60_000_000_000
"""Calls come in the order in which they ended: one that ended so much earlier had another clock."""
FAILURE_CHARS: Final = 400
_FAILURE = re.compile(r"(?i:error|exception|traceback|fail(?:ed|ure))")
"""A result that reads like this is a failure, though nothing was raised."""


class _Agent:
    """What is known of one agent in one run."""

    __slots__ = (
        "answers", "failed", "failed_kind", "failures", "has_model", "is_decided", "rule", "steps", "talks",
        "unseen", "unseen_call", "users",
    )  # fmt: skip

    def __init__(self, kept_steps: int) -> None:
        self.steps = Steps(kept_steps)
        self.answers = Answers()
        self.rule = ""
        """Which rule fires; empty where none does."""
        self.has_model = False
        self.is_decided = True
        """A model was asked since the last step."""
        self.failures: list[int] = []
        """Spans of failures in a row, all of one class."""
        self.failed = 0
        """The class of them."""
        self.failed_kind: Kind | None = None
        self.unseen = 0
        """How often in a row the same call had a result that was not recorded."""
        self.unseen_call = ""
        self.users = -1
        """Messages of the user that the model's last input had."""
        self.talks = False
        """True once results came to the model other than as messages of the user."""


class _Run:
    """What is known of one run."""

    __slots__ = ("agents", "handoffs", "turns")

    def __init__(self, kept_steps: int) -> None:
        self.agents: dict[str | None, _Agent] = {}
        self.turns = _Agent(kept_steps)
        """The agents' own calls, as steps of the run."""
        self.handoffs: Handoffs | None = None


class AgentLoop(Detector):
    """Looks at each agent's calls in a run: the same again, cycles, one error, nothing new, like answers, ping-pong.

    No loop is: polling whose result changes, a tool that only waits, retries of what does not answer, a person's
    answer. A new message of the user and a new call of the agent start afresh.
    """

    trigger = "agent_loop"
    kinds = frozenset((TOOL, RETRIEVER, MEMORY, LLM, AGENT, STEP))

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._limits = LoopLimits.read(limits)
        self._kept_steps = self._limits.kept_steps
        self._board = Board()
        self._runs: Table[str, _Run] = Table(lambda: _Run(self._kept_steps), self._forget)
        least = min(self._limits.repeats, self._limits.same_error_repeats, self._limits.alternations)
        self._young = YoungRuns(least, self._limits.near_duplicates)

    def take(self, call: Call, now_ns: int) -> None:
        """Compare the call with those before it."""
        kind = call.kind
        if kind is STEP and call.error is None:
            state = self._runs.states.get(call.run_id)
            agent = state and state.agents.get(call.agent_name)
            if agent and agent.failures and agent.failed_kind is STEP:
                self._end_failures(agent, call)
            return
        run = self._runs.touch(call.run_id)
        if kind is AGENT:
            self._take_agent(run, call)
            return
        name = call.agent_name
        state_of_agent = run.agents.get(name)
        if state_of_agent is None:
            if len(run.agents) >= 64:  # a bound, should names never repeat
                return
            state_of_agent = run.agents[name] = _Agent(self._kept_steps)
        if kind is LLM:
            self._take_answer(state_of_agent, call)
        elif kind is STEP:
            self._take_failure(state_of_agent, call, join_key(call.run_id, name))
        else:
            if run.handoffs is not None and not is_handoff(call.name):
                self._end_ping_pong(run, call.run_id)
            self._take_step(state_of_agent, call)

    def take_all(self, calls: Sequence[Call], now_ns: int) -> None:
        """The same; of a young run nothing is compared before it could have completed a pattern."""
        runs, young = self._runs.states, self._young
        for call in calls:
            run_id = call.run_id
            if run_id not in runs:
                if (call.kind is STEP and call.error is None) or young.hold(call):
                    continue
                for before in young.pop(run_id):
                    self.take(before, now_ns)
            self.take(call, now_ns)

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget the run."""
        self._young.pop(run_id)
        run = self._runs.pop(run_id)
        if run is not None:
            self._forget(run_id, run)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which agents loop."""
        return self._board.report()

    def _take_step(self, agent: _Agent, call: Call) -> None:
        if agent.answers:
            agent.answers.clear()
            if agent.rule == "near_duplicates":
                self._clear(agent, join_key(call.run_id, call.agent_name))
        role = find_role(call.name)
        if role is Role.PERSON:
            self._restart(agent, join_key(call.run_id, call.agent_name))
        elif role is not Role.WAITS and (call.attributes is None or not call.attributes.get(own.POLLER)):
            self._add_step(agent, call)

    def _add_step(self, agent: _Agent, call: Call, key: str = "") -> None:
        steps, end_ns = agent.steps, end_of(call)
        if call.start_ns < steps.end_ns and end_ns > steps.end_ns - CLOCK_STEP_NS:
            # At the same time as the step before: a fan-out, an attempt of another task or the tool around it.
            steps.end_ns = max(steps.end_ns, end_ns)
            return
        steps.end_ns = end_ns
        if call.error is not None:
            if call.outcome in STOPPED or is_no_answer(call):
                return
            self._take_failure(agent, call, key or join_key(call.run_id, call.agent_name))
        elif agent.failures:
            self._end_failures(agent, call)
        is_decided, agent.is_decided = agent.is_decided or not agent.has_model, False
        self._compare(agent, call, key or join_key(call.run_id, call.agent_name), is_decided=is_decided)

    def _compare(self, agent: _Agent, call: Call, key: str, *, is_decided: bool) -> None:
        steps, end_ns = agent.steps, end_of(call)
        signature, result = sign_call(call), sign_result(call)
        if signature == UNKNOWN or (result == UNKNOWN and call.error is None):
            self._doubt(agent, call, key)
            return
        agent.unseen = 0
        error = UNKNOWN if call.error is None else sign_error(call)
        is_known = steps.add(call.name, signature, result, error, call.span_id, end_ns)
        pattern = None
        if is_known or error:
            pattern = find_pattern(steps, self._limits, is_known=is_known, is_decided=is_decided)
        if pattern is None and not error and steps.results.count(result) >= self._limits.same_error_repeats:
            pattern = self._find_failing_text(steps, result, call)
        if pattern is not None:
            self._fire(agent, call, key, pattern, steps)
        elif agent.rule and steps.novel >= NOVEL_STEPS and agent.rule not in OF_OTHERS:
            self._clear(agent, key)

    def _find_failing_text(self, steps: Steps, result: int, call: Call) -> Pattern | None:
        """The same failure told in words: a test that fails the same way after each edit."""
        limit, payload = self._limits.same_error_repeats, call.output_payload
        window = steps.results[-self._limits.window_calls :]
        times = window.count(result)
        if times < limit or payload is None or _FAILURE.search(payload.text[:FAILURE_CHARS]) is None:
            return None
        first = len(steps.results) - len(window) + window.index(result)
        if len(set(steps.symbols[first:])) < 2:
            return None
        told = (
            f"The same failure was returned {times} times in the last {len(window)} calls, with different calls between"
        )
        return Pattern("same_error_repeats", times, limit, first, f"{told} (limit {limit}).", 0.8)

    def _take_failure(self, agent: _Agent, call: Call, key: str) -> None:
        """Count failures of one class in a row; a step that failed because a call in it did is no second one."""
        assert call.error is not None
        kind_of_error = hash(call.error.type)
        if kind_of_error != agent.failed or not agent.failures:
            agent.failures.clear()
            agent.failed, agent.failed_kind = kind_of_error, call.kind
        elif call.kind is not agent.failed_kind:
            return
        agent.failures.append(call.span_id)
        limit = self._limits.same_error_repeats
        if len(agent.failures) > EVIDENCE_CALLS:
            del agent.failures[0]
        if len(agent.failures) < limit or agent.rule:
            return
        agent.rule = "failures"
        text = (
            f"The last {len(agent.failures)} attempts all failed with {call.error.type}, and nothing succeeded between"
        )
        self._say(
            call, key, agent.rule, f"{text} (limit {limit}).", call.start_ns, 0.75, agent.failures,
            {"errors": len(agent.failures), "limit": limit, "error_type": call.error.type},
        )  # fmt: skip

    def _end_failures(self, agent: _Agent, call: Call) -> None:
        agent.failures.clear()
        if agent.rule == "failures":
            self._clear(agent, join_key(call.run_id, call.agent_name))

    def _take_answer(self, agent: _Agent, call: Call) -> None:
        had_step, agent.is_decided, agent.has_model = not agent.is_decided, True, True
        if agent.steps.symbols or agent.answers:
            self._look_for_user(agent, call, had_step=had_step)
        limits = self._limits
        if agent.answers.add(call, limits.near_duplicates, end_of(call)) and are_alike(
            agent.answers, call, limits.near_duplicate_bits
        ):
            kept = agent.answers.kept
            agent.rule = agent.rule or "near_duplicates"
            text = f"The model gave nearly the same answer {len(kept)} times in a row, with no tool between"
            self._say(
                call, join_key(call.run_id, call.agent_name), "near_duplicates", f"{text} (limit {limits.near_duplicates}).", kept[0].time_ns, 0.8,
                [answer.span_id for answer in kept], {"answers": len(kept), "limit": limits.near_duplicates},
            )  # fmt: skip
        elif agent.rule == "near_duplicates":
            self._clear(agent, join_key(call.run_id, call.agent_name))

    def _look_for_user(self, agent: _Agent, call: Call, *, had_step: bool) -> None:
        """Start afresh at a new message of the user, where messages tell: some frameworks send results as such."""
        payload = call.input_payload
        if payload is None or payload.is_truncated:
            return
        users = payload.text.count('"role":"user"') - payload.text.count('"tool_result"')
        if had_step and users <= agent.users:
            agent.talks = True
        if users > agent.users >= 0 and agent.talks:
            self._restart(agent, join_key(call.run_id, call.agent_name))
        agent.users = users

    def _take_agent(self, run: _Run, call: Call) -> None:
        name = call.agent_name or call.name
        ended = run.agents.pop(name, None)
        if ended is not None:
            self._let_go(ended, call.run_id, name)
        if call.is_root:
            return
        if run.handoffs is None:
            run.handoffs = Handoffs()
        limit = self._limits.handoffs
        run.handoffs.add(call, end_of(call), limit)
        turns = run.handoffs.find_ping_pong(limit)
        if turns:
            trips = len(turns) // 2
            run.turns.rule = "handoffs"
            pair = " and ".join(sorted({turn.agent for turn in turns}))
            self._say(
                call, call.run_id, "handoffs",
                f"{pair} handed the work to each other in {trips} round trips with no tool result between (limit {limit}).",
                turns[0].time_ns, 0.85, [turn.span_id for turn in turns], {"round_trips": trips, "limit": limit},
            )  # fmt: skip
        elif run.turns.rule == "handoffs":
            self._clear(run.turns, call.run_id)
        if call.kept_input is not None or call.identity is not None:
            self._add_step(run.turns, call, call.run_id)

    def _end_ping_pong(self, run: _Run, run_id: str) -> None:
        run.handoffs = None
        if run.turns.rule == "handoffs":
            self._clear(run.turns, run_id)

    def _doubt(self, agent: _Agent, call: Call, key: str) -> None:
        """The same call again and again with results nobody recorded: it may poll, it may loop."""
        name = call.identity or call.name
        agent.unseen = agent.unseen + 1 if agent.unseen_call == name else 1
        agent.unseen_call = name
        if agent.unseen >= self._limits.repeats:
            text = f"{call.name} was called {agent.unseen} times in a row, but inputs or results are not recorded."
            self._board.doubt(
                Judgement(key, Verdict.UNKNOWN, explanation=text, run_id=call.run_id, agent_name=call.agent_name)
            )
        else:
            self._board.settle(key)

    def _fire(self, agent: _Agent, call: Call, key: str, pattern: Pattern, steps: Steps) -> None:
        agent.rule = pattern.rule
        spans = steps.spans[pattern.first :]
        evidence = {"value": pattern.value, "limit": pattern.limit, "tools": sorted(set(steps.names[pattern.first :]))}
        # Nothing is known of a result that is nothing: the call may have done something each time.
        confidence = 0.6 if steps.results[-1] == VOID else pattern.confidence
        self._say(call, key, pattern.rule, pattern.explanation, steps.ends[pattern.first], confidence, spans, evidence)

    def _say(
        self, call: Call, key: str, rule: str, text: str, onset_ns: int, confidence: float,
        spans: Sequence[int], evidence: dict[str, Any],
    ) -> None:  # fmt: skip
        calls = [hex_id(span) for span in spans[-EVIDENCE_CALLS:]]
        self._board.settle(key)
        before = self._board.find(key)
        if before is not None:
            onset_ns = before.onset_ns
        self._board.fire(
            Judgement(
                key,
                Verdict.FIRING,
                onset_ns,
                text,
                ADVICE.get(rule, ""),
                confidence,
                {"rule": rule, "calls": calls, **evidence},
                call.run_id,
                call.span_id,
                call.agent_name,
            )
        )

    def _restart(self, agent: _Agent, key: str) -> None:
        agent.steps.restart()
        agent.answers.clear()
        agent.failures.clear()
        self._clear(agent, key)

    def _clear(self, agent: _Agent, key: str) -> None:
        agent.rule = ""
        self._board.clear(key)
        self._board.settle(key)

    def _let_go(self, agent: _Agent, run_id: str, name: str | None) -> None:
        """Forget an agent; mostly nothing was ever said about it."""
        if not self._board.is_blank:
            self._clear(agent, join_key(run_id, name))

    def _forget(self, run_id: str, run: _Run) -> None:
        self._let_go(run.turns, run_id, None)
        for name, agent in run.agents.items():
            self._let_go(agent, run_id, name)


STOPPED: Final = frozenset((CANCELLED, HALTED, ABORTED))
"""Somebody ended these: they have no result that could be compared."""
OF_OTHERS: Final = frozenset(("near_duplicates", "failures", "handoffs"))
"""Rules that new steps do not end."""
ADVICE: Final[Mapping[str, str]] = {
    "failures": "Show the agent the whole error, or stop it: none of its attempts succeeds.",
    "same_error_repeats": "Show the agent the whole error, or stop it: its attempts do not get closer.",
    "near_duplicates": "The model repeats itself: check what its prompt asks for and when it is to stop.",
    "handoffs": "Give one of the two agents the last word, or a rule for when the work is done.",
}
"""By rule; the trigger's own where there is none."""
