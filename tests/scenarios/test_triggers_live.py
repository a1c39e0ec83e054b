"""Real programs get into trouble, each with a twin that only nearly does: the one is noticed, the other is left alone.

The programs use the public API alone. Limits and durations are compressed here, as `LIMITS` says; `make acceptance` runs
the same programs in real time.
"""

from __future__ import annotations

import pytest

from tests.support.processes import Stage

pytestmark = pytest.mark.slow

LIMITS = {
    "leak": {"MEMORY_GROWTH_MIN_AGE_S": 4, "MEMORY_GROWTH_WINDOW_S": 24, "MEMORY_GROWTH_MIN_SAMPLES": 8},
    "spin_python": {"CPU_SPIN_HOLD_S": 3, "CPU_SPIN_STACK_SAMPLES": 2},
    "spin_regex": {"CPU_SPIN_HOLD_S": 3, "CPU_SPIN_STACK_SAMPLES": 2},
    "hold_loop": {"EVENT_LOOP_BLOCKED_HEARTBEAT_S": 3},
    "block_loop": {"EVENT_LOOP_BLOCKED_HEARTBEAT_S": 2},
    "block": {"AGENT_BLOCKED_BLOCKED_S": 2},
    "stall": {"STALL_AFTER_TOOL_S": 1.5},
    "slow": {"SLOW_RESPONSE_FLOOR_S": 0.01},
}
"""What is compressed: limits of triggers, without `FORETELL_TRIGGER_`."""
LASTS_S = {"leak": 20, "spin_python": 9, "spin_regex": 9, "hold_loop": 7, "block_loop": 5, "block": 5, "stall": 4}
ALONE = {"spin_python", "spin_regex", "hold_loop", "slow"}
"""Programs whose timing a second one at the same time would disturb."""
SETTINGS = {"flood": {"FORETELL_QUEUE_MAX_ITEMS": "500"}}
SCENES = {
    "leak": "memory_growth",
    "spin_python": "cpu_spin",
    "spin_regex": "cpu_spin",
    "hold_loop": "event_loop_blocked",
    "block_loop": "event_loop_blocked",
    "loop": "agent_loop",
    "stall": "stall",
    "pattern": "pattern_anomaly",
    "deadlock": "deadlock",
    "await_cycle": "deadlock",
    "lock_order": "deadlock",
    "block": "agent_blocked",
    "overflow": "context_overflow",
    "burn": "cost_run_limit",
    "burn_day": "cost_burn",
    "unpriced": "unpriced_tokens",
    "depend": "dependency_timeouts",
    "fail": "error_rate",
    "slow": "slow_response",
    "unredacted": "redaction_failure",
    "flood": "telemetry_gap",
}


@pytest.fixture
def start(tmp_path):
    def start_one(scene, *more):
        directory = tmp_path / "-".join((scene, *more))
        directory.mkdir()
        limits = {f"FORETELL_TRIGGER_{name}": str(value) for name, value in LIMITS.get(scene, {}).items()}
        lasts = {"TROUBLE_S": str(LASTS_S.get(scene, 3))}
        return Stage(directory).start("troubled.py", scene, *more, **limits, **lasts, **SETTINGS.get(scene, {}))

    return start_one


@pytest.mark.parametrize(("scene", "trigger"), SCENES.items())
def test_trouble_is_noticed_and_its_twin_is_not(start, scene, trigger):
    if scene in ALONE:
        troubled, twin = start(scene).end(), start(scene, "quiet").end()
    else:
        both = start(scene), start(scene, "quiet")
        troubled, twin = (program.end() for program in both)

    assert (0, 0) == (troubled.returncode, twin.returncode), troubled.stderr + twin.stderr
    assert trigger in troubled.said("found"), troubled.stdout + troubled.stderr
    assert [] == twin.said("found")


def test_trouble_is_noticed_after_it_began(start):
    program = start("block").end()
    times = {line.split()[0]: float(line.split()[-1]) for line in program.stdout.splitlines()}

    assert times["onset"] + LIMITS["block"]["AGENT_BLOCKED_BLOCKED_S"] <= times["found"]
