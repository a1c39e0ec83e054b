"""Google's GenAI client: each request for content, streams, and the functions that the client calls by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.integrations.integration import GatePoint, Integration, Undo, Wiring, openinference, otel, own

if TYPE_CHECKING:
    from foretell.integrations.wrapping.local_calls import Described

INTEGRATION = Integration(
    name="google-genai",
    title="Google GenAI",
    distribution="google-genai",
    module="google.genai",
    candidates=(
        # OpenTelemetry's has one span for all turns of automatic function calling, with the tokens of the last one.
        own("foretell.integrations.clients.google_genai:switch_on", ">=1.32"),
        otel(
            "opentelemetry-instrumentation-google-genai",
            "opentelemetry.instrumentation.google_genai:GoogleGenAiSdkInstrumentor",
            ">=1.32,<4",
        ),
        openinference("google-genai", "GoogleGenAIInstrumentor", ">=1"),
    ),
    gates=tuple(
        GatePoint("google.genai.models", f"{kind}Models.{method}")
        for method in ("_generate_content", "_generate_content_stream", "embed_content")
        for kind in ("", "Async")
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of requests for content and of functions that are called for the model."""
    from foretell.integrations.wrapping.local_calls import TOOL, LocalCalls
    from foretell.integrations.wrapping.model_calls import ModelCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = ModelCalls(wiring, "gcp.gemini", inputs=("contents",), operation="generate_content")
    tools = LocalCalls(wiring, TOOL, _describe)
    methods = [f"{kind}Models._generate_content{end}" for kind in ("", "Async") for end in ("", "_stream")]
    functions = ("invoke_function_from_dict_args", "invoke_function_from_dict_args_async")
    return wrap_points(
        (
            *(WrapPoint("google.genai.models", method, calls) for method in methods),
            *(WrapPoint("google.genai._extra_utils", name, tools, is_needed=False) for name in functions),
        )
    )


def _describe(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Described:
    from foretell.integrations.wrapping.local_calls import Described

    given = [*args, *kwargs.values()]
    function = next(each for each in given if callable(each))
    arguments = next((each for each in given if isinstance(each, dict)), None)
    return Described(getattr(function, "__name__", "function"), arguments)
