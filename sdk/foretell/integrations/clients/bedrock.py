"""Bedrock by boto3: converse, invoke_model, their streams, agents and knowledge bases."""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import GatePoint, Integration, openinference, openllmetry, otel

_SERVICES = ("bedrock-runtime", "bedrock-agent-runtime")


def asks_a_model(client: Any) -> bool:
    """Whether a client of botocore, which speaks to all of AWS by one method, is one of Bedrock's."""
    model = getattr(getattr(client, "meta", None), "service_model", None)
    return getattr(model, "service_name", None) in _SERVICES


INTEGRATION = Integration(
    name="bedrock",
    title="Amazon Bedrock",
    distribution="boto3",
    module="botocore.client",
    family=("boto3", "aiobotocore"),
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-bedrock",
            "opentelemetry.instrumentation.genai.bedrock:BedrockInstrumentor",
            ">=1.40.46,<2",
        ),
        openllmetry("bedrock", "BedrockInstrumentor"),
        openinference("bedrock", "BedrockInstrumentor"),
    ),
    gates=(
        GatePoint("botocore.client", "BaseClient._make_api_call", asks_a_model),
        GatePoint("aiobotocore.client", "AioBaseClient._make_api_call", asks_a_model),
    ),
)
