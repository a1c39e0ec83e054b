"""What Prometheus would remember had the stack run since yesterday: written as blocks before it starts."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.stack.runner import Service
from tests.support.native_servers import find_server

HOUR_S = 3600
STEP_S = 30
AGO_S = 180

Value = Callable[[float], float]
"""Seconds since the series began → its value."""


def write_history(prometheus: Service) -> None:
    """Give it a day of a fast agent, a process that leaks, and runs of an unusual pattern."""
    now_s = time.time() - AGO_S
    write_blocks(
        prometheus,
        (
            line
            for name, labels, long_s, value in SERIES
            for line in draw(f"{name}{{{labels}}}", now_s - long_s, now_s, value)
        ),
    )


def write_blocks(prometheus: Service, lines: Iterable[str]) -> None:
    """Turn OpenMetrics into blocks in its folder of data, which its user owns."""
    promtool = find_server("promtool")
    assert promtool is not None, "promtool is not built. Type: tools/servers.sh promtool"
    data = prometheus.root / "prometheus"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "history.txt"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(lines)
            out.write("# EOF\n")
        command: list[str | Path] = [
            promtool,
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "-q",
            "--max-block-duration=48h",
            file,
            data,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in (data, *data.rglob("*")):
        os.chown(path, prometheus.image.user, prometheus.image.user)


def draw(series: str, begins_s: float, ends_s: float, value: Value, step_s: float = STEP_S) -> Iterator[str]:
    """The samples of a series."""
    at_s = begins_s
    while at_s < ends_s:
        yield f"{series} {value(at_s - begins_s):.6f} {at_s:.3f}\n"
        at_s += step_s


_SERVE = 'job="slow/troubled",gen_ai_agent_name="serve"'
_LEAK = 'job="leak/troubled",instance="host-0"'
_STRAY = 'job="stray/troubled",gen_ai_agent_name="stray"'
_RUN_S = "gen_ai_invoke_agent_duration_seconds"
SERIES: tuple[tuple[str, str, float, Value], ...] = (
    # Two runs a minute, of 0.7 seconds each.
    (f"{_RUN_S}_count", _SERVE, 26 * HOUR_S, lambda age_s: age_s // 30),
    (f"{_RUN_S}_sum", _SERVE, 26 * HOUR_S, lambda age_s: age_s // 30 * 0.7),
    (f"{_RUN_S}_bucket", _SERVE + ',le="0.8"', 26 * HOUR_S, lambda age_s: age_s // 30),
    (f"{_RUN_S}_bucket", _SERVE + ',le="+Inf"', 26 * HOUR_S, lambda age_s: age_s // 30),
    ("foretell:agent:run_seconds:mean5m", _SERVE, 26 * HOUR_S, lambda age_s: 0.7),
    ("foretell:agent:run_seconds:mean1h", _SERVE, 26 * HOUR_S, lambda age_s: 0.7),
    ("foretell:agent:run_seconds:deviation", _SERVE, 26 * HOUR_S, lambda age_s: 0.0),
    # 100 MB an hour, and no restart.
    ("process_memory_usage_bytes", _LEAK, 2 * HOUR_S, lambda age_s: 2e8 + 100 * 2**20 * age_s / HOUR_S),
    ("process_cpu_time_seconds_total", _LEAK, 2 * HOUR_S, lambda age_s: age_s / 100),
    # One run in five is unlike the others.
    ("foretell_agent_runs_total", _STRAY + ',outcome="ok"', 6 * HOUR_S, lambda age_s: age_s // 300),
    ("foretell_findings_total", _STRAY + ',trigger="pattern_anomaly"', 6 * HOUR_S, lambda age_s: age_s // 1500),
)
