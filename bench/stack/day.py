"""How soon the questions of the dashboards are answered over a whole day."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.house.dashboard_source import Question, list_questions
from tests.stack.desk import Desk
from tests.stack.history import draw, write_blocks
from tests.stack.panels.asking import Chosen, ask_prometheus
from tests.stack.road import ask, wait_for
from tests.stack.runner import Stack

DAY_S = 86400
STEP_S = 60
SERVICES = 3
TIMES = 5
ALLOWED_S = 0.2
COUNTED = ("_total", "_bucket", "_sum", "_count")


def measure_day(stack: Stack) -> list[str]:
    """Seed a day of a few services from what the demo sent, and ask every question of Prometheus about it."""
    series = _list_series(stack)
    prometheus = stack.services["prometheus"]
    prometheus.stop()
    write_blocks(prometheus, _draw_day(series))
    prometheus.start()
    stack.wait_for(prometheus)
    asked = [question for question in list_questions() if question.language == "prometheus"]
    slowest_s = {question.where: _time(stack, question) for question in asked}
    p95_s = quantiles([each for times in slowest_s.values() for each in times], n=20)[-1]
    late = sorted(((min(times), where) for where, times in slowest_s.items()), reverse=True)
    size = f"{len(series) * SERVICES:,} series, {DAY_S // STEP_S:,} points each"
    lines = [f"p95 of {len(asked)} questions over a day of {size}: {1000 * p95_s:.0f} ms"]
    if p95_s > ALLOWED_S:
        lines[0] += f"  MORE THAN {1000 * ALLOWED_S:.0f} ms"
    return lines + [f"slowest: {1000 * seconds:.0f} ms, {where}" for seconds, where in late[:5]]


def _list_series(stack: Stack) -> list[dict[str, Any]]:
    """All that Prometheus has of the demo, with its last value."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), "desk")
        desk.work(stack)
        url = f"{stack.url('prometheus', 9090)}/api/v1/query"
        wait_for(lambda: ask(url, query=f'foretell:agent:runs:increase5m{{job="{desk.job}"}}')["data"]["result"], 60)
        return list(ask(url, query=f'{{job="{desk.job}"}}')["data"]["result"])


def _draw_day(series: list[dict[str, Any]]) -> Iterator[str]:
    for one in series:
        labels = dict(one["metric"])
        name, value = labels.pop("__name__"), float(one["value"][1])
        is_counted = name.endswith(COUNTED)
        for number in range(SERVICES):
            labels["job"] = f"desk-{number}/support-desk"
            yield from _draw_one(name, labels, value, is_counted=is_counted)


def _draw_one(name: str, labels: dict[str, str], value: float, *, is_counted: bool) -> Iterator[str]:
    """A day in which a count grows by so much each minute, and anything else stays as it is."""
    text = ",".join(f"{label}={json.dumps(said)}" for label, said in labels.items())
    now_s = time.time() - STEP_S
    each_s, begin = (value / STEP_S, 0.0) if is_counted else (0.0, value)
    return draw(f"{name}{{{text}}}", now_s - DAY_S, now_s, lambda age_s: begin + each_s * age_s, STEP_S)


def _time(stack: Stack, question: Question) -> list[float]:
    taken_s = []
    chosen = Chosen(shown_s=DAY_S, step_s=120)
    for _ in range(TIMES):
        begun_s = time.perf_counter()
        ask_prometheus(stack, question, chosen)
        taken_s.append(time.perf_counter() - begun_s)
    return taken_s
