"""What the doctor says."""

from __future__ import annotations

from pathlib import Path

from foretell.cli.checks import NOTE, OK, TROUBLE, list_checks
from foretell.cli.render.doctor import render_doctor, shape_doctor
from foretell.settings import load_settings
from foretell.store.health import StoreHealth

from builders import draw  # isort: skip


def make_settings(tmp_path, **environ):
    return load_settings({}, environ, tmp_path)


def make_health(**facts):
    return StoreHealth(**{"file": Path("store.db"), "exists": True, "run_count": 3, "call_count": 20, **facts})


def levels(checks):
    return {check.subject: check.level for check in checks}


def answers(host, port):
    return None


def refuses(host, port):
    return f"nobody at {host}:{port}"


def test_a_sound_store_without_collector_is_no_trouble(tmp_path):
    checks = list_checks(make_settings(tmp_path), make_health(counts={"ended.calls": 20}), refuses)

    assert {OK} == {check.level for check in checks}


def test_a_missing_store_is_worth_a_note_and_a_first_step(tmp_path):
    checks = list_checks(make_settings(tmp_path), make_health(exists=False), answers)

    assert NOTE == levels(checks)["store"]
    assert any("foretell demo" in check.advice for check in checks)


def test_losses_and_faults_are_trouble_and_say_how_many(tmp_path):
    counts = {"dropped.calls.queue_full": 12, "errors.store.OSError": 2, "truncated.payload": 3}
    checks = list_checks(make_settings(tmp_path), make_health(counts=counts), answers)

    assert ("Lost: calls.queue_full 12.", TROUBLE) in [(check.text, check.level) for check in checks]
    assert TROUBLE == levels(checks)["faults"]
    assert any("3 items cut short" in check.text for check in checks)


def test_a_collector_that_does_not_answer_is_trouble(tmp_path):
    settings = make_settings(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318")
    checks = list_checks(settings, make_health(outbox_count=4, outbox_bytes=5000), refuses)

    assert "http://collector:4318 does not answer: nobody at collector:4318." in [check.text for check in checks]
    assert "4 requests (5 kB) could not be sent yet and wait in the store." in [check.text for check in checks]


def test_switches_that_make_data_missing_are_named(tmp_path):
    settings = make_settings(tmp_path, FORETELL_STORE_ON="false", FORETELL_CONTENT="none", FORETELL_REDACTION="false")
    texts = [check.text for check in list_checks(settings, make_health(), answers)]

    assert "Switched off: store." in texts
    assert any("content=none" in text for text in texts)
    assert any("redaction=false" in text for text in texts)


def test_a_damaged_store_is_trouble(tmp_path):
    checks = list_checks(make_settings(tmp_path), make_health(problems=["page 7 is broken"]), answers)

    assert ("page 7 is broken", TROUBLE) in [(check.text, check.level) for check in checks]


def test_settings_are_shown_with_where_they_were_set(tmp_path):
    settings = make_settings(tmp_path, FORETELL_LOG_LEVEL="debug")
    lines = "".join(draw(part, 120) for part in render_doctor(settings, [], 120, False)).splitlines()

    assert ["log_level", "debug", "environment", "FORETELL_LOG_LEVEL"] in [line.split() for line in lines]
    assert not any("bsp_queue_items" in line for line in lines)


def test_the_doctors_json_has_every_setting(tmp_path):
    settings = make_settings(tmp_path, OTEL_EXPORTER_OTLP_HEADERS="authorization=secret")
    shape = shape_doctor(settings, make_health(), [])

    assert "foretell.doctor/1" == shape["schema"]
    assert not shape["has_trouble"]
    assert "(1 hidden)" == {row["name"]: row["value"] for row in shape["settings"]}["otlp_headers"]
