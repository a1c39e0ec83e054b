"""Prometheus's rules do what the catalogue says: promtool plays the cases of each trigger."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from foretell.triggers.prometheus import render_rules
from tests.support.native_servers import need_promtool

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOKS = ROOT / "deploy" / "runbooks"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Promtool's path, for tests of rules and dashboards."""
    return need_promtool()


def run_promtool(*command: str | Path) -> tuple[int, str]:
    """Exit code and all that was said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_rules_are_valid(promtool: Path) -> None:
    """Also by promtool's linter, which knows double rules and needless labels."""
    files = sorted(RULES.glob("*.yml"))

    code, said = run_promtool(promtool, "check", "rules", "--lint=all", "--lint-fatal", *files)

    assert 0 == code, said


def list_expressions(runbook: Path) -> list[str]:
    """The PromQL of a runbook: a comment stands on its own line or behind, an indented line goes on with the one before."""
    blocks = re.findall(r"```promql\n(.*?)```", runbook.read_text("utf-8"), re.DOTALL)
    lines = [line.partition("#")[0].rstrip() for block in blocks for line in block.splitlines()]
    return re.sub(r"\n +", " ", "\n".join(filter(None, lines))).splitlines()


def test_the_runbooks_queries_are_valid(promtool: Path, tmp_path: Path) -> None:
    """Nobody mends a query at night."""
    expressions = [line for runbook in sorted(RUNBOOKS.glob("*.md")) for line in list_expressions(runbook)]
    rules = "".join(f"  - record: query:{at}\n    expr: {line!r}\n" for at, line in enumerate(expressions))
    (tmp_path / "queries.yml").write_text(f"groups:\n- name: runbooks\n  rules:\n{rules}", "utf-8")

    code, said = run_promtool(promtool, "check", "rules", "--lint=none", tmp_path / "queries.yml")

    assert 0 == code, said
    assert len(expressions) > 20


def in_order(cases: str) -> str:
    """Cases whose groups are looked at as they stand in the files: promtool's own order is another each time."""
    files = [RULES / "recording.yml", RULES / "triggers.yml"]
    groups = [
        name for file in files for name in re.findall(r"^  - name: (\S+)$", file.read_text("utf-8"), re.MULTILINE)
    ]
    order = "".join(f"  - {name}\n" for name in groups)
    return cases.replace("../../deploy/prometheus/rules", str(RULES)) + f"group_eval_order:\n{order}"


@pytest.mark.parametrize("cases", sorted(HERE.glob("*.yml")), ids=lambda path: path.stem)
def test_alerts_fire_stay_quiet_and_end(promtool: Path, cases: Path, tmp_path: Path) -> None:
    """Just over and just under the limit, on the first failure ever, over resets, gaps and low traffic."""
    ordered = tmp_path / cases.name
    ordered.write_text(in_order(cases.read_text("utf-8")), "utf-8")

    code, said = run_promtool(promtool, "test", "rules", ordered)

    assert 0 == code, said


@pytest.mark.parametrize(
    ("trigger", "limit", "twice"),
    [
        ("dependency_timeouts", "consecutive", "8"),
        ("agent_down", "silent_s", "300"),
        ("telemetry_gap", "min_dropped", "2"),
    ],
)
def test_the_cases_notice_a_limit_that_has_doubled(
    promtool: Path, tmp_path: Path, trigger: str, limit: str, twice: str
) -> None:
    """A check that cannot fail proves nothing."""
    lax = render_rules({f"FORETELL_TRIGGER_{trigger.upper()}_{limit.upper()}": twice})
    (tmp_path / "triggers.yml").write_text(lax, "utf-8")
    cases = (HERE / f"{trigger}.yml").read_text("utf-8")
    cases = cases.replace("../../deploy/prometheus/rules/triggers.yml", str(tmp_path / "triggers.yml"))
    (tmp_path / "cases.yml").write_text(cases.replace("../../deploy", str(ROOT / "deploy")), "utf-8")

    code, said = run_promtool(promtool, "test", "rules", tmp_path / "cases.yml")

    assert 1 == code, said
    assert "FAILED" in said
