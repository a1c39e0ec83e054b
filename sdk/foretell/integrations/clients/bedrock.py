"""Bedrock by boto3: converse, invoke_model, their streams, agents and knowledge bases."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference, openllmetry, otel

INTEGRATION = Integration(
    name="bedrock",
    title="Amazon Bedrock",
    distribution="boto3",
    module="botocore.client",
    family=("boto3",),
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-bedrock",
            "opentelemetry.instrumentation.genai.bedrock:BedrockInstrumentor",
            ">=1.40.46,<2",
        ),
        openllmetry("bedrock", "BedrockInstrumentor"),
        openinference("bedrock", "BedrockInstrumentor"),
    ),
)
