"""The pull endpoint over real HTTP."""

from __future__ import annotations

import threading
from urllib.request import Request, urlopen

import pytest

from foretell.export.metrics.prometheus import PortTaken, PullEndpoint
from foretell.export.metrics.registry import Metrics
from foretell.semconv import metrics as table


@pytest.fixture
def endpoint():
    metrics = Metrics(lambda: 1)
    metrics.add(table.COST, (), 0.5)
    endpoint = PullEndpoint(lambda: metrics.read(2), port=0)
    yield endpoint
    endpoint.stop()


def ask(port, accept="text/plain"):
    with urlopen(Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept}), timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def test_it_answers_in_both_formats(endpoint):
    """A scrape gets the text it asked for."""
    endpoint.start()

    assert "foretell_cost_total 0.5" in ask(endpoint.port)[1]
    kind, text = ask(endpoint.port, "application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


def test_a_taken_port_is_refused_in_words(endpoint):
    """The message says which port and what to type; the first endpoint goes on."""
    endpoint.start()
    second = PullEndpoint(list, port=endpoint.port)
    with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{endpoint.port}.*\n.*OTEL_EXPORTER_PROMETHEUS_PORT"):
        second.start()
    second.stop()

    assert "foretell_cost_total 0.5" in ask(endpoint.port)[1]


def test_stopping_leaves_nothing_behind(endpoint):
    """Neither thread nor port: it can start again."""
    before = threading.active_count()
    endpoint.start()
    endpoint.stop()
    assert before == threading.active_count()
    endpoint.start()

    assert "foretell_cost_total 0.5" in ask(endpoint.port)[1]
