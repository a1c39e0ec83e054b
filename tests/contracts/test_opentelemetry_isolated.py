"""`isolated=True`: beside an application's OpenTelemetry, touching none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.otel_programs import run_program

pytestmark = pytest.mark.slow


def test_nothing_global_changes(tmp_path: Path) -> None:
    """Providers, setters and the current span stay as they were, and later the application may set its own."""
    answer = run_program(
        tmp_path,
        """
before = [trace.get_tracer_provider(), metrics.get_meter_provider(), trace.set_tracer_provider.__code__]
foretell.init(isolated=True)
after = [trace.get_tracer_provider(), metrics.get_meter_provider(), trace.set_tracer_provider.__code__]
seen = []
planner(lambda: seen.append(trace.get_current_span() is trace.INVALID_SPAN))
provider = make_provider()
trace.set_tracer_provider(provider)
with trace.get_tracer("app").start_as_current_span("theirs") as theirs:
    planner(lambda: seen.append(trace.get_current_span() is theirs))
tell(same=before == after, seen=seen, theirs=trace.get_tracer_provider() is provider, exported=list(exported()))
""",
    )

    assert {"same": True, "seen": [True, True], "theirs": True, "exported": ["theirs"]} == answer.told


def test_our_operations_nest_among_themselves_and_in_threads(tmp_path: Path) -> None:
    """Parent and run go along through `propagate`, past any span of the application's in between."""
    answer = run_program(
        tmp_path,
        """
from concurrent.futures import ThreadPoolExecutor
trace.set_tracer_provider(make_provider())
foretell.init(isolated=True)
tracer = trace.get_tracer("app")
def inside():
    with tracer.start_as_current_span("theirs"), foretell.tool("search"):
        pass
with tracer.start_as_current_span("request"), ThreadPoolExecutor() as pool:
    planner(lambda: pool.submit(foretell.propagate(inside)).result())
calls = stored()
agent, tool = calls["planner"], calls["search"]
tell(parent=tool.parent_id == agent.span_id, run=tool.run_id == agent.run_id, root=agent.parent_id,
     apart=agent.trace_id != exported()["request"].context.trace_id, traces=tool.trace_id == agent.trace_id)
""",
    )

    assert {"parent": True, "run": True, "root": None, "apart": True, "traces": True} == answer.told


def test_a_subprocess_goes_on_with_the_run(tmp_path: Path) -> None:
    """`child_env()` carries trace, parent and run; in the child, too, the current span is none of ours."""
    answer = run_program(
        tmp_path,
        """
import subprocess
CHILD = '''
import foretell
from opentelemetry import trace
foretell.init(isolated=True)
assert trace.get_current_span() is trace.INVALID_SPAN
with foretell.tool("in-child"):
    pass
foretell.shutdown()
'''
foretell.init(isolated=True)
planner(lambda: subprocess.run([sys.executable, "-c", CHILD], env=foretell.child_env(), check=True))
calls = stored()
agent, tool = calls["planner"], calls["in-child"]
tell(parent=tool.parent_id == agent.span_id, run=tool.run_id == agent.run_id, trace=tool.trace_id == agent.trace_id,
     remote=tool.parent_is_remote)
""",
    )

    assert {"parent": True, "run": True, "trace": True, "remote": True} == answer.told
