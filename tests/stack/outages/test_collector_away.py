"""The collector is killed while an agent works: the SDK keeps what it cannot send, until it can."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stack.desk import Desk
from tests.stack.outages.load import count_spans, restart
from tests.stack.road import ask, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

AWAY_S = 30
SERVICE = "enduring"
RUNS = 1000
WORK = f"""
import time
import foretell

foretell.init("{SERVICE}")

@foretell.instrument_agent
def work(number):
    return number

for number in range({RUNS}):
    work(number)
    if number == 100:
        print("at work", flush=True)
    time.sleep(0.045)
foretell.shutdown()
"""
COME_BACK = f"""
import foretell

foretell.init("{SERVICE}")
foretell.flush(20)
foretell.shutdown()
"""


def start(stack: Stack, folder: Path, code: str) -> subprocess.Popen[str]:
    """A program that tells the stack of what it does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "FORETELL_"))}
    environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = stack.url("otel-collector", 4318)
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )


def test_every_run_arrives_though_the_collector_was_killed(stack: Stack, tmp_path: Path) -> None:
    """Also where some of it only goes out with the next program in that folder; and nothing was dropped."""
    with start(stack, tmp_path, WORK) as working:
        assert working.stdout is not None
        assert "at work\n" == working.stdout.readline()
        stack.services["otel-collector"].stop(kill=True)
        time.sleep(AWAY_S)
        restart(stack, "otel-collector")
    assert 0 == working.returncode
    with start(stack, tmp_path, COME_BACK) as coming_back:
        pass
    assert 0 == coming_back.returncode

    assert wait_for(lambda: count_spans(stack, SERVICE) == RUNS, 60), count_spans(stack, SERVICE)
    url = f"{stack.url('prometheus', 9090)}/api/v1/query"
    counted = f'max_over_time(foretell_agent_runs_total{{job="{SERVICE}", outcome="ok"}}[10m]) == {RUNS}'
    assert wait_for(lambda: ask(url, query=counted)["data"]["result"], 60)
    assert [] == list_losses(tmp_path)


def list_losses(folder: Path) -> list[str]:
    """What the doctor says of losses there."""
    checks = json.loads(Desk(folder, SERVICE).ask("doctor", "--json"))["checks"]
    return [check["text"] for check in checks if check["subject"] == "losses" and check["level"] != "ok"]
