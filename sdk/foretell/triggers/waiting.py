"""Triggers about waiting: on something that does not come, on each other, on a blocked event loop."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.alerts import told_by_process
from foretell.triggers.trigger import Alert, Limit, Trigger, Where

AGENT_BLOCKED = Trigger(
    id="agent_blocked",
    severity=Severity.CRITICAL,
    meaning="An agent waits for something that it should not wait for so long.",
    where=Where.PROCESS,
    limits=(Limit("blocked_s", 10, "Seconds in one wait that is not for a model, HTTP, a person or a timer."),),
    alerts=(told_by_process("agent_blocked", "AgentBlocked"),),
    advice="See what the agent waits for and who holds it.",
)

DEADLOCK = Trigger(
    id="deadlock",
    severity=Severity.CRITICAL,
    meaning="Tasks, threads or agents wait for each other in a circle: none of them can go on.",
    where=Where.PROCESS,
    limits=(Limit("confirm_s", 1, "The same circle is seen twice, so many seconds apart."),),
    alerts=(told_by_process("deadlock", "Deadlock"),),
    advice="Halt one of them; then take the locks in one order everywhere.",
)

EVENT_LOOP_BLOCKED = Trigger(
    id="event_loop_blocked",
    severity=Severity.CRITICAL,
    meaning="The event loop does not turn: a synchronous call blocks every task on it.",
    where=Where.BOTH,
    limits=(
        Limit("heartbeat_s", 10, "Seconds without a turn of the loop."),
        Limit("silent_s", 150, "Seconds without a word from a process that has a loop; in the fleet."),
    ),
    alerts=(
        Alert(
            "EventLoopBlocked",
            # C code that holds the interpreter lets nobody speak: only the missing heartbeat tells, from outside.
            """\
time() - max by (job, instance) (last_over_time(foretell_event_loop_heartbeat_time_seconds[15m]) > 0) > {silent_s}
and on (job, instance) sum by (job, instance) (last_over_time(foretell_agent_active[15m])) > 0""",
            keep_firing_s=60,
            description="No word for {{ $value | humanizeDuration }} from {{ $labels.instance }}, which has open runs: "
            "C code holds the interpreter, or the process is gone.",
        ),
        told_by_process("event_loop_blocked", "EventLoopBlockedFound"),
    ),
    advice="Move the blocking call at the top of the stack into a thread: asyncio.to_thread(...).",
)

TRIGGERS = (AGENT_BLOCKED, DEADLOCK, EVENT_LOOP_BLOCKED)
