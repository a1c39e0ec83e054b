"""Plays `agent_down`, which Prometheus alone judges, to its rule: promtool says at each moment which agents' alerts fire.

`python bench/detection/fleet.py` (it needs promtool: `make tools`); with `--write` the result goes into the report.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench.detection.wilson import quantile, wilson
from tests.support.native_servers import find_server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RULES = ROOT / "deploy" / "prometheus" / "rules" / "triggers.yml"
RESULT = Path(__file__).with_name("fleet.md")
MINUTES = 40
LOOK_S = 15
"""The rules are evaluated so often."""
MINIMUM_S = 150 + 60
"""Two exports that did not come, and a minute's hold."""
GRACE_S = 30
SERIES = 'foretell_agent_heartbeat_time_seconds{{job="shop", instance="{instance}", gen_ai_agent_name="{agent}"}}'
EXPECTED = 'foretell:agent:expected{{gen_ai_agent_name="{agent}"}}'

Beats = list[str]


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent's heartbeats, and when it really was down, in seconds."""

    story: str
    series: Mapping[str, Sequence[str]]
    onset_s: float | None = None
    end_s: float = 0.0


def beat(minutes: int = MINUTES, missing: Sequence[int] = ()) -> Beats:
    """A heartbeat each minute, but for some."""
    return ["_" if minute in missing else str(60 * minute) for minute in range(minutes)]


def _one(story: str, beats: Beats, onset: int | None = None, end: int = MINUTES) -> Agent:
    return Agent(story, {SERIES: beats}, None if onset is None else onset * 60.0, end * 60.0)


def killed(random: Random) -> Agent:
    """Die, and never come again; the last heartbeat was up to a minute before."""
    last = random.randrange(3, 25)
    return _one("clear: killed", beat(last + 1), last)


def away(random: Random) -> Agent:
    """Be silent for six or seven minutes, and come again."""
    last, gap = random.randrange(3, 20), random.choice((6, 7))
    return _one("mild: silent for 6 or 7 minutes", beat(missing=range(last + 1, last + gap)), last, last + gap)


def never_came(_: Random) -> Agent:
    """Be expected, and never come."""
    return Agent("gross: expected, and never there", {EXPECTED: ["1"] * MINUTES}, 0.0, MINUTES * 60.0)


def steady(_: Random) -> Agent:
    """Be there all the time."""
    return _one("heartbeats each minute", beat())


def late(random: Random) -> Agent:
    """Lose every second heartbeat."""
    return _one("every second heartbeat is lost", beat(missing=range(random.choice((3, 4)), MINUTES - 1, 2)))


def goodbye(random: Random) -> Agent:
    """Say goodbye, and be gone."""
    last = random.randrange(3, 30)
    return _one("a goodbye, then silence", [*beat(last + 1), "0"])


def restarted(random: Random) -> Agent:
    """Be replaced by another instance within two minutes."""
    last = random.randrange(3, 30)
    second = ["_"] * (last + 2) + beat()[last + 2 :]
    return Agent(
        "another instance within two minutes", {SERIES: beat(last + 1), SERIES.replace("{instance}", "second"): second}
    )


def one_of_two(random: Random) -> Agent:
    """Lose one of two instances."""
    last = random.randrange(3, 30)
    return Agent("one of two instances dies", {SERIES: beat(last + 1), SERIES.replace("{instance}", "second"): beat()})


STORIES: Sequence[tuple[Callable[[Random], Agent], int]] = (
    *((away, 14), (killed, 14), (never_came, 6)),
    *((steady, 20), (late, 20), (goodbye, 20), (restarted, 20), (one_of_two, 20)),
)


def make_agents() -> list[Agent]:
    """Every episode, by a seed."""
    return [tell(Random(f"{tell.__name__} {number}")) for tell, times in STORIES for number in range(times)]


def write_cases(agents: Sequence[Agent], rules: Path, file: Path) -> None:
    """Write one test of promtool's that expects nothing at any time: what fires is then what it complains about."""
    lines = [
        "rule_files:",
        f"  - {rules}",
        f"evaluation_interval: {LOOK_S}s",
        "tests:",
        "  - interval: 1m",
        "    input_series:",
    ]
    for number, agent in enumerate(agents):
        for name, values in agent.series.items():
            lines.append(f"      - series: '{name.format(agent=f'a-{number}', instance='first')}'")
            lines.append(f"        values: '{' '.join(values)}'")
    lines.append("    promql_expr_test:")
    for at_s in range(0, MINUTES * 60, LOOK_S):
        lines.append('      - expr: ALERTS{alertstate="firing", alertname="AgentDown"}')
        lines += [f"        eval_time: {at_s}s", "        exp_samples: []"]
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")


def find_firing(promtool: Path, agents: Sequence[Agent], rules: Path = RULES) -> dict[int, list[float]]:
    """Number of each agent → the times in seconds at which its alert fired."""
    with tempfile.TemporaryDirectory() as directory:
        cases = Path(directory) / "cases.yml"
        write_cases(agents, rules, cases)
        done = subprocess.run([promtool, "test", "rules", cases], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    fired: dict[int, list[float]] = {}
    for part in said.split("expr: ")[1:]:
        at = re.search(r"time: ([\dhms.]+)", part)
        for number in re.findall(r'gen_ai_agent_name=\\*"a-(\d+)', part):
            fired.setdefault(int(number), []).append(_read_time(at.group(1)) if at else 0.0)
    if not fired:
        raise AssertionError(f"nothing fires at all:\n{said[:2000]}")
    return fired


def _read_time(text: str) -> float:
    units = {"h": 3_600.0, "m": 60.0, "s": 1.0}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", text))


def weigh(agent: Agent, times: Sequence[float]) -> tuple[float | None, bool]:
    """When a trouble was noticed, and whether anything was said that is not true."""
    if agent.onset_s is None:
        return None, bool(times)
    good = [at_s for at_s in times if agent.onset_s <= at_s <= agent.end_s + MINIMUM_S + GRACE_S]
    return (min(good) if good else None), len(good) < len(times)


def sum_up(agents: Sequence[Agent], fired: Mapping[int, Sequence[float]]) -> tuple[str, list[str]]:
    """The part of the report, and what is not as it must be."""
    weighed = [(agent, *weigh(agent, fired.get(number, ()))) for number, agent in enumerate(agents)]
    downs = [one for one in weighed if one[0].onset_s is not None]
    quiets = [one for one in weighed if one[0].onset_s is None]
    times = [at_s - (agent.onset_s or 0) for agent, at_s, _ in downs if at_s is not None]
    false = sum(is_false for _, _, is_false in quiets)
    low, high = wilson(len(times), len(downs))
    false_low, false_high = wilson(false, len(quiets))
    rows = []
    for story in dict.fromkeys(agent.story for agent in agents):
        of_story = [one for one in weighed if one[0].story == story]
        noticed = sum(at_s is not None for _, at_s, _ in of_story)
        is_trouble = of_story[0][0].onset_s is not None
        rows.append(
            f"| {story} | {noticed if is_trouble else '–'} | {sum(bad for *_, bad in of_story)} | {len(of_story)} |"
        )
    text = f"""Judged by Prometheus alone: promtool evaluates the rule each {LOOK_S} s over agents with a heartbeat each minute. Its minimum is
{MINIMUM_S} s, two exports that did not come and a minute's hold; the fleet is exempt from the second.

Recall {len(times) / len(downs):.1%} of {len(downs)} ({low:.0%} – {high:.0%}), {false} false alarms in {len(quiets)} \
({false_low:.1%} – {false_high:.1%}); time to detect {quantile(times, 0.5):.0f} s (median), {quantile(times, 0.95):.0f} s (p95).

| story | noticed | false alarms | of |
|---|--:|--:|--:|
{chr(10).join(rows)}
"""
    faults = [] if len(times) / len(downs) >= 0.95 else [f"agent_down: recall {len(times) / len(downs):.1%}"]
    return text, faults + ([] if false_high < 0.05 else [f"agent_down: false alarms may be {false_high:.1%}"])


def main(arguments: list[str]) -> int:
    """Play, print, and say what is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--promtool", type=Path, default=find_server("promtool"))
    parser.add_argument("--write", action="store_true", help="put the result where `make detection-report` finds it")
    given = parser.parse_args(arguments)
    agents = make_agents()
    text, faults = sum_up(agents, find_firing(given.promtool, agents))
    print(text)
    if given.write:
        RESULT.write_text(text, encoding="utf-8")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
