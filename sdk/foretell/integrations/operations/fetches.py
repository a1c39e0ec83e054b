"""Tells of answers that are fetched later by their id: no model is asked, and nothing is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from foretell.cost.fields import fields_of, read_text
from foretell.errors import FAULTS
from foretell.integrations.operations.requests import take_request
from foretell.integrations.wrapping.inside import call_inside
from foretell.integrations.wrapping.model_calls import SCOPE
from foretell.model.facts import InferenceFacts
from foretell.semconv import genai

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from foretell.integrations.integration import Wiring
    from foretell.integrations.operations.api import Api

OPERATION = "fetch_response"
_STATUS = "gen_ai.response.status"


class Fetches:
    """Wraps the methods that fetch what a request of that sort has brought."""

    def __init__(self, wiring: Wiring, api: Api) -> None:
        """Tell of it by spans."""
        self.is_on = True
        self._api = api
        self._tracer = wiring.tracer_provider.get_tracer(SCOPE)

    def __call__(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Fetch it inside a span."""
        span = self._open(instance, args, kwargs) if self.is_on else None
        return wrapped(*args, **kwargs) if span is None else call_inside(span, wrapped, args, kwargs, _keep)

    def _open(self, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span | None:
        try:
            facts = InferenceFacts()
            self._api.describe(facts, take_request(self._api, instance, {})[0], None)
            about = {
                genai.OPERATION: OPERATION,
                genai.PROVIDER: self._api.provider,
                genai.RESPONSE_ID: read_text(args[0] if args else kwargs.get("response_id")),
                genai.SERVER_ADDRESS: facts.server_address,
                genai.SERVER_PORT: facts.server_port,
                genai.OPENAI_API_TYPE: facts.api_type,
            }
            told = {key: value for key, value in about.items() if value is not None}
            return self._tracer.start_span(OPERATION, kind=SpanKind.CLIENT, attributes=told)
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None


def _keep(span: Span, answer: Any) -> None:
    try:
        fields = fields_of(answer) or {}
        for key, name in (("model", genai.RESPONSE_MODEL), ("status", _STATUS)):
            if (text := read_text(fields.get(key))) is not None:
                span.set_attribute(name, text)
    except Exception as error:
        FAULTS.note("integrations.finish", error)
