"""A hundred thousand awkward spans, log records and metrics each, through our encoder and the official one."""

from __future__ import annotations

from random import Random

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foretell.export.otlp.logs import encode_readable_logs
from foretell.export.otlp.metrics import encode_metrics_data
from foretell.export.otlp.spans import encode_readable_spans
from tests.unit.export.otlp.any_logs import any_pair
from tests.unit.export.otlp.any_metrics import any_metrics
from tests.unit.export.otlp.otlp_oracle import RepairedSpan, any_span, canonical, needs_nesting

pytestmark = pytest.mark.slow
PARTS, BATCHES, SPANS = 8, 50, 250
METRICS_A_SEED = 6  # two resources, two scopes, none to three metrics in each


@needs_nesting
@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_spans_are_what_the_official_encoder_makes_of_them(part):
    """Every batch, after parsing, equals the official one; a failure names the seed that makes it again."""
    for seed in range(part * BATCHES, (part + 1) * BATCHES):
        random = Random(seed)
        spans = [any_span(random) for _ in range(SPANS)]
        official = encode_spans([RepairedSpan(span) for span in spans]).SerializeToString()

        assert canonical(ExportTraceServiceRequest, official) == canonical(
            ExportTraceServiceRequest, encode_readable_spans(spans)
        ), f"seed {seed}"


@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_log_records_are_what_the_official_encoder_makes_of_them(part):
    """Bodies of any shape, all severities, with and without ids."""
    for seed in range(part * BATCHES, (part + 1) * BATCHES):
        random = Random(seed)
        given, plain = zip(*(any_pair(random) for _ in range(SPANS)), strict=True)
        official = encode_logs(plain).SerializeToString()

        assert canonical(ExportLogsServiceRequest, official) == canonical(
            ExportLogsServiceRequest, encode_readable_logs(given)
        ), f"seed {seed}"


@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_metrics_are_what_the_official_encoder_makes_of_them(part):
    """Sums, gauges, histograms of both kinds, with exemplars."""
    seeds = PARTS * BATCHES * SPANS // PARTS // METRICS_A_SEED + 1
    for seed in range(part * seeds, (part + 1) * seeds):
        data = any_metrics(Random(seed))
        official = encode_metrics(data).SerializeToString()

        assert canonical(ExportMetricsServiceRequest, official) == canonical(
            ExportMetricsServiceRequest, encode_metrics_data(data)
        ), f"seed {seed}"
