"""Anthropic's client: messages, streams, structured output, and the beta of them."""

from __future__ import annotations

from foretell.integrations.integration import GatePoint, Integration, Other, openinference, openllmetry, otel, unasked

INTEGRATION = Integration(
    name="anthropic",
    title="Anthropic",
    distribution="anthropic",
    module="anthropic",
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-anthropic",
            "opentelemetry.instrumentation.genai.anthropic:AnthropicInstrumentor",
            ">=0.51,<3",
        ),
        openllmetry("anthropic", "AnthropicInstrumentor", ">=0.3.11"),
        openinference("anthropic", "AnthropicInstrumentor", ">=1.8"),
        unasked(),  # from 2 on, without contents
    ),
    scopes=("com.anthropic.sdk.python",),
    others=(Other("logfire._internal.integrations.llm_providers.anthropic"),),
    gates=(
        *(
            GatePoint(f"anthropic.resources.{module}", f"{kind}Messages.{method}")
            for module in ("messages", "beta.messages")
            for method in ("create", "stream", "parse")
            for kind in ("", "Async")
        ),
        # `stream` is no coroutine and cannot wait; what it gives sends the request.
        *(GatePoint("anthropic.lib.streaming", f"{kind}AsyncMessageStreamManager.__aenter__") for kind in ("", "Beta")),
    ),
)
