"""One run in three processes: a subprocess by its environment, an HTTP service by its headers, a thread by `propagate`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import PROGRAMS, Stage

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_a_run_goes_on_in_other_processes(tmp_path: Path) -> None:
    """Every call is in one run, under the parent that made it, whatever process recorded it."""
    stage = Stage(tmp_path)
    service = stage.start("service.py")
    service.wait_for("ready")
    (port,) = service.said("port")

    ended = stage.run("caller.py", str(PROGRAMS / "callee.py"), port)
    assert (0, "") == (ended.returncode, ended.stderr)
    assert 0 == service.end().returncode

    (run_id,) = ended.said("run")
    assert [run_id] == ended.said("served")
    run = json.loads(stage.run("-m", "foretell.cli", "show", run_id, "--json").stdout)
    names = {call["span_id"]: call["name"] for call in run["calls"]}
    assert {
        ("caller", None),
        ("callee", "caller"),
        ("inner", "callee"),
        ("pooled", "caller"),
        ("asks", "caller"),
        ("served", "caller"),
    } == {(call["name"], names.get(call["parent_id"])) for call in run["calls"]}
    assert 1 == len({call["trace_id"] for call in run["calls"]})
