"""What the doctor and the demo know of a stack on this machine."""

from __future__ import annotations

from foretell.cli.checks import NOTE, OK
from foretell.cli.stack.local import check_stack, find_endpoint
from foretell.settings import load_settings
from foretell.stack.road.http import Reply
from tests.unit.stack.road.servers_on_stage import Stage

RULES = Reply(200, '{"data":{"groups":[{"rules":[{"name":"AgentLoop"}]}]}}')


class Machine(Stage):
    """One on which a stack of ours runs."""

    def fetch(self, url, body=None):
        reply = super().fetch(url, body)
        return RULES if "/api/v1/rules" in url and reply.status else reply


def answers(host, port):
    return None


def settings(tmp_path, **environ):
    return load_settings({}, environ, tmp_path)


def check(tmp_path, machine, reach=answers, **environ):
    return [
        (one.level, one.text, one.advice)
        for one in check_stack(settings(tmp_path, **environ), reach, machine.fetch, lambda: 0.0)
    ]


def test_where_no_stack_runs_the_doctor_asks_once_and_says_nothing(tmp_path):
    machine = Machine()

    assert [] == check(tmp_path, machine, lambda host, port: "connection refused")
    assert [] == machine.asked


def test_somebody_else_s_prometheus_is_no_stack_of_ours(tmp_path):
    assert [] == check(tmp_path, Stage())


def test_a_stack_to_which_programs_send_is_well(tmp_path):
    found = check(tmp_path, Machine(), OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")

    assert [
        (OK, "It runs here, 7 of 7 services are well.", "Whether data arrive in its stores: foretell status")
    ] == found


def test_a_stack_to_which_nothing_is_sent_is_worth_a_note(tmp_path):
    ((level, _, advice),) = check(tmp_path, Machine())

    assert (NOTE, "Nothing is sent to it. Type: export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318") == (
        level,
        advice,
    )


def test_services_that_are_not_well_are_named(tmp_path):
    machine = Machine()
    machine.down = {"tempo", "grafana"}
    ((level, text, _),) = check(tmp_path, machine, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")

    assert (NOTE, "It runs here, 5 of 7 services are well; not: Tempo, Grafana.") == (level, text)


def test_the_demo_sends_to_a_stack_of_ours(tmp_path):
    assert "http://127.0.0.1:4318" == find_endpoint(settings(tmp_path), Machine().fetch)


def test_the_demo_sends_to_nobody_else(tmp_path):
    """A collector on this machine may be anybody's, and what is set is what is meant."""
    elsewhere = settings(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://collector.example:4318")
    traces = settings(tmp_path, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://collector.example:4318/v1/traces")
    off = settings(tmp_path, OTEL_SDK_DISABLED="true")

    assert [None] * 3 == [find_endpoint(each, Machine().fetch) for each in (elsewhere, traces, off)]
    assert find_endpoint(settings(tmp_path), Stage().fetch) is None
