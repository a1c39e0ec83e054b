"""What `make stack` publishes on loopback is the service behind it."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from tests.stack.publishing import list_doors, publish
from tests.stack.road import ask, send, span, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

LONG = "A long prompt. " * 3_000


def test_a_program_outside_sends_and_asks_at_the_published_ports(stack: Stack) -> None:
    """At ports that are free, since a stack may run here already."""
    trace_id = secrets.token_hex(16)
    doors = [replace(door, port=0) for door in list_doors(stack.spec)]
    with publish(stack, doors) as places:
        body = span("published", trace_id, secrets.token_hex(8), {"prompt": LONG})
        assert 200 == send(f"{places['otel-collector', 4318]}/v1/traces", body)
        url = f"{places['jaeger', 16686]}/api/traces/{trace_id}"
        (trace,) = wait_for(lambda: ask(url)["data"])
        assert LONG in str(trace)


def test_every_published_port_is_that_of_its_service(stack: Stack) -> None:
    doors = {door.port: (door.host, door.service, door.inner_port) for door in list_doors(stack.spec)}

    assert ("127.0.0.1", "otel-collector", 4318) == doors[4318]
    assert ("127.0.0.1", "alertmanager", 9093) == doors[10203]
    assert {"127.0.0.1"} == {host for host, _, _ in doors.values()}
