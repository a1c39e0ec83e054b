"""What agents, findings and the process become as metrics, and when metrics are exported."""

from __future__ import annotations

import pytest

from foretell.export.counts import Counts
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind
from foretell.model.process import ProcessSample
from foretell.semconv import metrics as table
from tests.unit.export.metrics.metrics_world import START, S, World, labels


def test_open_runs_are_gauges(world):
    """How many are at work, and since when the oldest is: hung runs never end."""
    for begun_s in (5, 3):
        call = world.call(Kind.AGENT, "planner")
        call.start_ns = START + begun_s * S
        world.open.append(call)
    world.now_ns = START + 20 * S
    world.sink.flush(1)

    assert 2 == world.value("foretell.agent.active", gen_ai__agent__name="planner")
    assert 1003.0 == world.value("foretell.agent.oldest_active.start_time", gen_ai__agent__name="planner")
    world.open.clear()
    world.sink.flush(1)
    assert 0 == world.value("foretell.agent.active", gen_ai__agent__name="planner")
    assert 0 == world.value("foretell.agent.oldest_active.start_time", gen_ai__agent__name="planner")


def test_a_heartbeat_until_the_goodbye(world, planner):
    """The time of the last sign of life; 0 when the process left on purpose."""
    world.take(planner)
    world.now_ns = START + 90 * S
    world.sink.write()

    assert [1090.0] == [point.value for point in world.exported("foretell.agent.heartbeat.time")]
    assert [90.0] == [point.value for point in world.exported("foretell.agent.uptime")]
    world.sink.close()
    assert [0] == [point.value for point in world.exported("foretell.agent.heartbeat.time")]


def finding(**given):
    return Finding(
        **{
            "trigger": "agent_loop",
            "key": "planner",
            "severity": Severity.CRITICAL,
            "verdict": Verdict.FIRING,
            "onset_ns": START,
            "end_ns": None,
            "explanation": "",
            "advice": "",
            "confidence": 1.0,
            "agent_name": "planner",
            **given,
        }
    )


def test_a_finding_is_counted_once_and_held(world):
    """It stays visible for two export intervals, however soon it ends."""
    world.sink.take_findings([finding(), finding()])
    world.now_ns = START + 1 * S
    world.sink.take_findings([finding(end_ns=START + 1 * S)])
    key = {"gen_ai__agent__name": "planner", "trigger": "agent_loop", "severity": "critical"}

    assert 1 == world.value("foretell.findings", **key)
    for seconds, expected in ((60, 1), (120, 1), (122, 0)):
        world.now_ns = START + seconds * S
        world.sink.flush(1)
        assert expected == world.value("foretell.finding.active", **key), seconds
    assert [(1, 1.0)] == [(p.count, p.sum) for p in world.points("foretell.finding.time_to_resolve").values()]


def test_a_long_finding_stays_up(world):
    """As long as it has no end."""
    world.sink.take_findings([finding()])
    world.now_ns = START + 1000 * S
    world.sink.flush(1)

    assert [1] == list(world.values("foretell.finding.active").values())


def test_a_finding_of_the_last_second_is_told_before_the_goodbye(world):
    """Its gauge is exported as 1 once, in a point of its own, before the process says that nothing fires any more."""
    world.sink.take_findings([finding()])
    world.sink.close()
    told, goodbye = (world.exported("foretell.finding.active", number)[0] for number in (-2, -1))

    assert [1, 0] == [told.value, goodbye.value]
    assert told.time_ns // 1_000_000 < goodbye.time_ns // 1_000_000


@pytest.mark.parametrize("verdict", [Verdict.QUIET, Verdict.UNKNOWN])
def test_what_does_not_fire_is_no_finding(world, verdict):
    """Unknown is not firing."""
    world.sink.take_findings([finding(verdict=verdict)])

    assert {} == world.values("foretell.findings")


def test_the_process(world):
    """Its metrics name no agent; what the system does not tell is left out."""
    sample = ProcessSample(START, 7, 1.5, 0.5, None, 3, {}, {}, {"main": 1.25}, 10, 20, None, None)
    world = World(sample_process=lambda: sample)
    world.sink.flush(1)

    assert {frozenset(): 7} == world.values("process.memory.usage")
    assert {labels(cpu__mode="user"): 1.5, labels(cpu__mode="system"): 0.5} == world.values("process.cpu.time")
    assert {
        labels(network__io__direction="receive"): 10,
        labels(network__io__direction="transmit"): 20,
    } == world.values("process.network.io")
    assert {labels(thread__role="main"): 1.25} == world.values("foretell.thread.cpu")
    assert {} == world.values("process.open_file_descriptor.count") == world.values("process.disk.io")


def test_our_own_bookkeeping():
    """Telemetry that admits its gaps."""
    counts = Counts()
    counts.count("dropped", "calls", "queue_full", 3)
    counts.count("started", "calls", n=9)
    world = World(count_telemetry=counts.snapshot)
    world.sink.flush(1)

    assert {labels(signal="calls", reason="queue_full"): 3} == world.values("foretell.telemetry.dropped")
    assert {labels(signal="calls"): 9} == world.values("foretell.telemetry.started")


def test_other_rooms_set_their_own(world):
    """Budgets and event loops are asked before each export."""
    world.sink.observe(lambda metrics, now_ns: metrics.set(table.BUDGET_LIMIT, (("period", "day"),), 10.0))
    world.sink.flush(1)

    assert [("metrics", [10.0])] == [
        (signal, [p.value for m in points for p in m.points]) for signal, points in world.exports
    ]


def test_exports_each_interval(world, planner):
    """Nothing before it is due."""
    world.sink.take_open([planner])
    for seconds in (1, 59, 60, 61, 119, 120):
        world.now_ns = START + seconds * S
        world.sink.write()

    assert 2 == len(world.exports)


def test_the_end_of_a_run_is_exported_within_a_second(world, planner):
    """And many ends within one second are one export."""
    world.now_ns = START + 30 * S
    world.take(planner)
    world.sink.write()
    assert 1 == len(world.exports)
    for tenth in range(1, 10):
        world.now_ns = START + 30 * S + tenth * S // 10
        world.take(planner)
        world.sink.write()
    assert 1 == len(world.exports)
    world.now_ns = START + 31 * S
    world.sink.write()

    assert 2 == len(world.exports)


def test_a_call_inside_a_run_waits_for_the_interval(world, planner):
    """Only ends of runs are urgent."""
    world.now_ns = START + 30 * S
    world.take(world.llm(agent=planner))
    world.sink.write()

    assert [] == world.exports


def test_a_child_begins_at_zero(world, planner):
    """After a fork neither counts nor agents of the parent remain, and counting goes on."""
    world.take(planner)
    world.sink.after_fork()
    world.sink.flush(1)
    assert [] == world.exports
    world.take(planner)

    assert 1 == world.value("foretell.agent.runs", gen_ai__agent__name="planner", outcome="ok")


def test_for_a_pull_endpoint_gauges_are_at_most_a_second_old():
    """Without an exporter, write() keeps the gauges fresh."""
    world = World(is_pulled=True)
    world.sink.take_open([world.call(Kind.AGENT, "planner")])
    world.now_ns = START + 2 * S
    world.sink.write()

    assert 1002.0 == world.value("foretell.agent.heartbeat.time", gen_ai__agent__name="planner")
