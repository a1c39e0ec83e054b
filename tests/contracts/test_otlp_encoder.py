"""A hundred thousand awkward spans through our encoder and the official one."""

from __future__ import annotations

from random import Random

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foretell.export.otlp.spans import encode_readable_spans
from tests.unit.export.otlp.otlp_oracle import RepairedSpan, any_span, canonical, needs_nesting

pytestmark = pytest.mark.slow
PARTS, BATCHES, SPANS = 8, 50, 250


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
