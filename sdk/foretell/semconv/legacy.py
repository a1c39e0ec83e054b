"""The switch for existing dashboards: older metric names, emitted in addition to today's while it is on."""

from __future__ import annotations

from foretell.semconv import buckets
from foretell.semconv.metrics import INFERENCE_DURATION, OPERATION_INPUT_TOKENS
from foretell.semconv.table import Attribute, Level, Metric

TOKEN_TYPE = "gen_ai.token.type"
TOKEN_INPUT = "input"
TOKEN_OUTPUT = "output"

OPERATION_DURATION = Metric(
    "gen_ai.client.operation.duration",
    "histogram",
    "s",
    "Duration of an inference, under the name it had until October 2026.",
    INFERENCE_DURATION.attributes,
    buckets.OPERATION_S,
)
"""Shares its name with today's metric of all *other* client operations; only here does it take inferences too."""

TOKEN_USAGE = Metric(
    "gen_ai.client.token.usage",
    "histogram",
    "{token}",
    "Tokens of an inference, under the name they had until September 2026.",
    (*OPERATION_INPUT_TOKENS.attributes, Attribute(TOKEN_TYPE, level=Level.REQUIRED)),
    buckets.TOKENS,
)

METRICS: tuple[Metric, ...] = (OPERATION_DURATION, TOKEN_USAGE)
FORBIDDEN_WITHOUT_SWITCH = frozenset({TOKEN_USAGE.name, TOKEN_TYPE})
"""Names that must not be seen while the switch is off."""
