"""Programs that get into trouble at default limits, each as a service of its own; they work while other tests run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.detection.acceptance import PROGRAM, SCENES, Scene
from tests.stack.road import ask, attributes, counter, gauge, send, wait_for
from tests.stack.runner import Stack

# Long enough for what comes after a deadlock, too: a wait of ten seconds.
LASTS_S = {"deadlock": 16.0, "burn_day": 8.0}
PLAYED = (
    "slow", "stall", "block", "deadlock", "block_loop", "loop", "pattern", "overflow", "burn", "burn_day", "unpriced",
    "depend", "fail", "unredacted", "flood",
)  # fmt: skip
"""In this order, some at a time. The others need hours, or a core for themselves."""
CARELESS = """
import foretell

foretell.init("troubled")

@foretell.instrument_agent
def careless(text):
    return text

careless("to ann@example.org: the key is sk-ant-api03-A1b2A1b2A1b2A1b2A1b2A1b2A1b2A1b2")
foretell.shutdown()
"""
KILLED = "killed"
SPINNING = "spinning"
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Source:
    """Where the trouble of a trigger comes from."""

    job: str
    """Of the service that is in trouble."""
    play: str | None
    """Of the program that is; None where Prometheus remembers it."""


def program(name: str) -> Source:
    """A program that uses the SDK at default limits."""
    return Source(f"{name}/troubled", name)


SOURCES = {
    "slow_response": program("slow"),
    "error_rate": program("fail"),
    "dependency_timeouts": program("depend"),
    "agent_loop": program("loop"),
    "stall": program("stall"),
    "pattern_anomaly": Source("stray/troubled", None),
    "agent_blocked": program("block"),
    "deadlock": program("deadlock"),
    "event_loop_blocked": program(KILLED),
    "cpu_spin": Source("spinning", SPINNING),
    "memory_growth": Source("leak/troubled", None),
    "context_overflow": program("overflow"),
    "cost_burn": program("burn_day"),
    "cost_run_limit": program("burn"),
    "unpriced_tokens": program("unpriced"),
    "agent_down": program(KILLED),
    "telemetry_gap": program("flood"),
    "redaction_failure": program("unredacted"),
}
"""Trigger → where its trouble comes from."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a program."""

    onset_s: float
    """When its trouble began, in Unix seconds."""
    minimum_s: float
    """How long after that a rule can speak at the earliest, without its hold."""


class Troubles:
    """Plays the programs in the background; use it in a `with`."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._pool = ThreadPoolExecutor(AT_ONCE + 1)
        self._plays: dict[str, Future[Played]] = {}

    def __enter__(self) -> Troubles:
        scenes = {scene.name: scene for scene in SCENES}
        self._plays[KILLED] = self._pool.submit(self._kill)
        for name in PLAYED:
            self._plays[name] = self._pool.submit(self._play, scenes[name])
        self._plays["careless"] = self._pool.submit(self._be_careless)
        self._plays[SPINNING] = self._pool.submit(self._tell_of_spinning, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def wait_for(self, name: str) -> Played:
        """Wait until the program of that name has ended."""
        return self._plays[name].result(300)

    def wait_for_all(self) -> None:
        """Wait until all have ended."""
        for name in self._plays:
            self.wait_for(name)

    def end(self) -> None:
        """End those troubles that do not end by themselves: an agent comes back, a core is free, runs are as usual."""
        self._run(KILLED, {"TROUBLE_S": "3"}, str(PROGRAM), "await_cycle", "quiet")
        self._tell_of_spinning(0)
        for runs in (0, 100_000):
            self._tell_of_runs("stray", runs)
            time.sleep(2)

    def _play(self, scene: Scene) -> Played:
        lasts_s = LASTS_S.get(scene.name, scene.lasts_s)
        said = self._run(scene.name, {**dict(scene.environment), "TROUBLE_S": str(lasts_s)}, str(PROGRAM), scene.name)
        (onset,) = (line for line in said.splitlines() if line.startswith("onset"))
        return Played(float(onset.split()[-1]), scene.minimum_s)

    def _be_careless(self) -> Played:
        """Write what must not be kept."""
        self._run("careless", {}, "-c", CARELESS)
        return Played(time.time(), 0)

    def _run(self, service: str, environment: Mapping[str, str], *words: str) -> str:
        """Run a program to its end; what it said."""
        process = self._start(service, environment, *words)
        said, complaint = process.communicate(timeout=240)
        assert process.returncode == 0, f"{service}: {complaint}"
        return said

    def _start(self, service: str, environment: Mapping[str, str], *words: str) -> subprocess.Popen[str]:
        folder = self._folder / service
        folder.mkdir(exist_ok=True)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
        named = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self._stack.url("otel-collector", 4318),
            # A service each: their agents have names in common.
            "OTEL_RESOURCE_ATTRIBUTES": f"service.namespace={service},deployment.environment.name=test",
        }
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=folder,
            env={**clean, **named, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _kill(self) -> Played:
        """An agent at work on an event loop, of which Prometheus has heard, is killed."""
        self._run(KILLED, {"TROUBLE_S": "1"}, str(PROGRAM), "await_cycle", "quiet")  # leaves a trace to look at
        environment = {"TROUBLE_S": "600", "OTEL_METRIC_EXPORT_INTERVAL": "10000"}
        process = self._start(KILLED, environment, str(PROGRAM), "await_cycle", "quiet")
        try:
            url = f"{self._stack.url('prometheus', 9090)}/api/v1/query"
            series = (
                f'foretell_event_loop_heartbeat_time_seconds{{job="{KILLED}/troubled"}} > 0'
                f' and on (job) foretell_agent_active{{job="{KILLED}/troubled", gen_ai_agent_name="await_cycle"}} > 0'
            )
            wait_for(lambda: ask(url, query=series)["data"]["result"], 120)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        return Played(time.time(), 150)

    def _tell_of_runs(self, agent: str, count: int) -> None:
        """Tell of so many runs that went well, of an agent that Prometheus remembers."""
        labels = {"gen_ai.agent.name": agent, "outcome": "ok"}
        body = counter("troubled", "foretell.agent.runs", "{run}", count, labels)
        body["resourceMetrics"][0]["resource"]["attributes"] += attributes({"service.namespace": agent})
        send(f"{self._stack.url('otel-collector', 4318)}/v1/metrics", body)

    def _tell_of_spinning(self, value: int) -> Played:
        """Tell what a detector would: a machine that does other things too has no core to spare for half a minute."""
        labels = {"gen_ai.agent.name": "spinner", "trigger": "cpu_spin", "severity": "critical"}
        body = gauge("spinning", "foretell.finding.active", "{finding}", value, labels)
        send(f"{self._stack.url('otel-collector', 4318)}/v1/metrics", body)
        return Played(time.time(), 0)
