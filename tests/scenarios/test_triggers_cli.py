"""`foretell triggers` on real stores: the catalogue as it stands, a recorded run judged again, a trigger fired on purpose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from foretell.triggers.catalogue import CATALOGUE
from tests.contracts.collector import Collector

PROGRAM = Path(__file__).parent / "programs" / "troubled.py"


@pytest.fixture
def foretell(tmp_path):
    def run(*arguments, **environ):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
        return subprocess.run(
            [sys.executable, "-m", "foretell.cli", *arguments],
            cwd=tmp_path, env={**clean, **environ}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def foretell_json(foretell):
    return lambda *arguments, **environ: json.loads(foretell(*arguments, "--json", **environ).stdout)


@pytest.fixture
def record(tmp_path):
    """Run a troubled program here, unjudged unless asked for."""

    def run(*scene, **environ):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
        subprocess.run(
            [sys.executable, str(PROGRAM), *scene],
            cwd=tmp_path, env={**clean, "FORETELL_WATCHDOG_ON": "false", **environ}, check=True, timeout=60,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    return run


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.close()


@pytest.fixture
def hook():
    made = Collector()
    yield made
    made.close()


# -- the catalogue ---------------------------------------------------------------------------------------------------


def test_the_catalogue_is_listed_without_any_store(foretell):
    done = foretell("triggers")

    assert (0, "") == (done.returncode, done.stderr)
    assert {trigger.id for trigger in CATALOGUE} <= set(done.stdout.split())


def test_the_shape_is_versioned_and_whole(foretell_json):
    shape = foretell_json("triggers")

    assert "foretell.triggers/1" == shape["schema"]
    assert [trigger.id for trigger in CATALOGUE] == [each["id"] for each in shape["triggers"]]


def test_a_limit_says_where_it_comes_from(foretell_json, tmp_path):
    (tmp_path / "foretell.toml").write_text("budget_run_usd = 0.5\n")
    shape = foretell_json("triggers", FORETELL_TRIGGER_AGENT_LOOP_REPEATS="6", FORETELL_ACTIONS="agent_loop=halt")
    by_id = {each["id"]: each for each in shape["triggers"]}
    limits = {(id, limit["name"]): limit for id, each in by_id.items() for limit in each["limits"]}

    assert (6.0, 4, "environment FORETELL_TRIGGER_AGENT_LOOP_REPEATS", "halt") == (
        limits["agent_loop", "repeats"]["value"],
        limits["agent_loop", "repeats"]["default"],
        limits["agent_loop", "repeats"]["origin"],
        by_id["agent_loop"]["action"],
    )
    assert (30, "default") == tuple(limits["stall", "after_tool_s"][key] for key in ("value", "origin"))
    assert 0.5 == limits["cost_run_limit", "run_usd"]["value"]
    assert limits["cost_run_limit", "run_usd"]["origin"].startswith("file ")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("FORETELL_TRIGGER_AGENT_LOOP_REPEAT", "6", "FORETELL_TRIGGER_AGENT_LOOP_REPEATS"),
        ("FORETELL_TRIGGER_AGENT_LOOP_REPEATS", "many", "must be a number above 0"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(foretell, variable, value, told):
    done = foretell("triggers", **{variable: value})

    assert 2 == done.returncode
    assert told in done.stderr


def test_what_has_fired_is_counted(foretell_json, record):
    record("loop", FORETELL_WATCHDOG_ON="true")
    [loop] = [each for each in foretell_json("triggers")["triggers"] if each["id"] == "agent_loop"]

    assert (1, []) == (loop["findings"], loop["firing"])
    assert loop["last_onset"]


# -- a recorded run --------------------------------------------------------------------------------------------------


def test_a_recorded_run_is_judged_again(foretell, foretell_json, record):
    record("loop")
    done = foretell("triggers", "check")
    shape = foretell_json("triggers", "check")

    assert 1 == done.returncode
    assert "▲ agent_loop  critical" in done.stdout
    assert ("foretell.check/1", ["agent_loop"]) == (shape["schema"], [each["trigger"] for each in shape["findings"]])
    assert "memory_growth" in shape["not_judged"]


def test_it_is_judged_by_the_limits_of_now(foretell, record):
    record("burn")
    limits = [{}, {"FORETELL_TRIGGER_COST_RUN_LIMIT_RUN_USD": "5"}, {"FORETELL_BUDGET_RUN_USD": "5"}]

    assert [1, 0, 0] == [foretell("triggers", "check", **limit).returncode for limit in limits]


def test_a_quiet_run_is_said_to_be_quiet(foretell, record):
    record("loop", "quiet")
    done = foretell("triggers", "check")

    assert 0 == done.returncode
    assert "Nothing fires" in done.stdout


def test_what_is_usual_is_learnt_from_the_agents_earlier_runs(foretell, foretell_json, record):
    """The last of 120 runs uses tools that no other has used."""
    record("pattern")

    assert (["pattern_anomaly"], 120) == (
        [each["trigger"] for each in foretell_json("triggers", "check")["findings"]],
        foretell_json("triggers", "check")["baseline_runs"],
    )
    assert 0 == foretell("triggers", "check", "--baseline", "0").returncode


def test_a_run_that_is_not_there_is_refused(foretell, record):
    record("loop")
    done = foretell("triggers", "check", "ffff")

    assert 2 == done.returncode
    assert "No run begins with 'ffff'" in done.stderr


# -- fired on purpose ------------------------------------------------------------------------------------------------


def gauges(collector, name):
    """The values of a metric, in the order in which they arrived."""
    bodies = [body for path, _, body in list(collector.requests) if path.endswith("/v1/metrics")]
    return [
        (point.as_int or int(point.as_double), {item.key: item.value.string_value for item in point.attributes})
        for body in bodies
        for group in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in group.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in (metric.gauge.data_points or metric.sum.data_points)
    ]


def test_a_test_goes_to_store_log_metrics_and_webhook(foretell_json, collector, hook):
    shape = foretell_json(
        "triggers", "test", "stall", "--hold", "1",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, FORETELL_WEBHOOK_URL=f"{hook.url}/page",
    )  # fmt: skip
    bodies = [body for path, _, body in collector.requests if path.endswith("/v1/logs")]
    lines = [
        record.body.string_value
        for body in bodies
        for group in ExportLogsServiceRequest.FromString(body).resource_logs
        for scope in group.scope_logs
        for record in scope.log_records
    ]
    active = [value for value, labels in gauges(collector, "foretell.finding.active") if labels["trigger"] == "stall"]
    counted = [value for value, labels in gauges(collector, "foretell.findings") if labels["trigger"] == "stall"]
    [stored] = [each for each in foretell_json("triggers")["triggers"] if each["id"] == "stall"]

    assert ("foretell.test/1", True, []) == (shape["schema"], shape["is_out"], shape["problems"])
    assert any("This is a test of stall" in line for line in lines)
    assert (1, 1) == (max(active), max(counted))
    assert ["firing", "resolved"] == [json.loads(body)["status"] for _, _, body in hook.requests]
    assert 1 == stored["findings"]


def test_a_test_without_a_collector_is_over_at_once(foretell):
    begun_s = time.monotonic()
    done = foretell("triggers", "test", "deadlock")

    assert (0, True) == (done.returncode, time.monotonic() - begun_s < 50)
    assert "deadlock fired on purpose and is over" in done.stderr


def test_a_road_that_is_closed_is_told(foretell, hook):
    url = f"{hook.url}/page"
    hook.close()
    done = foretell("triggers", "test", "stall", FORETELL_WEBHOOK_URL=url)

    assert 1 == done.returncode
    assert "webhook" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"), [(("agent_lop",), "agent_loop"), (("stall", "--hold", "-1"), "makes no sense")]
)
def test_a_test_that_makes_no_sense_is_refused(foretell, arguments, told):
    done = foretell("triggers", "test", *arguments)

    assert 2 == done.returncode
    assert told in done.stderr


# -- findings elsewhere ----------------------------------------------------------------------------------------------


def test_findings_stand_in_show_and_runs(foretell, foretell_json, record):
    record("loop", FORETELL_WATCHDOG_ON="true")

    assert "▲ agent_loop  critical · over after" in foretell("show").stdout
    assert 1 == foretell_json("runs")["runs"][0]["findings"]


def test_tail_tells_findings_as_they_come(tmp_path, record):
    record("unpriced", "quiet")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    tail = subprocess.Popen(
        [sys.executable, "-u", "-m", "foretell.cli", "tail", "--json", "-n", "1"],
        cwd=tmp_path, env=clean, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert tail.stdout is not None
        assert "foretell.call/1" == json.loads(tail.stdout.readline())["schema"]
        record("loop", FORETELL_WATCHDOG_ON="true")
        news = (json.loads(line) for line in tail.stdout)
        finding = next(one for one in news if one["schema"] == "foretell.finding/1")
    finally:
        tail.kill()
        tail.communicate()

    assert "agent_loop" == finding["trigger"]


# -- rules ------------------------------------------------------------------------------------------------------------


def test_rules_are_written_with_the_limits_of_here(foretell_json, tmp_path):
    written = foretell_json("triggers", "rules", "rules", FORETELL_TRIGGER_ERROR_RATE_SHARE="0.2")["written"]

    assert ["rules/triggers.yml", "rules/expected.yml"] == written
    assert "error_ratio:5m > 0.2" in (tmp_path / written[0]).read_text("utf-8")


def test_where_rules_cannot_be_written_it_is_said_what_to_type(foretell, tmp_path):
    (tmp_path / "rules").write_text("in the way")
    done = foretell("triggers", "rules", "rules/here")

    assert 2 == done.returncode
    assert "foretell triggers rules FOLDER" in done.stderr
