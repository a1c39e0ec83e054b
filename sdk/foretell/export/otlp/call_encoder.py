"""Encodes finished calls as spans and the log records about them, by templates where that is possible."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from foretell.export.otlp.calls import encode_call, flags_of
from foretell.export.otlp.templates import SHAPE_LIMIT, Shape, Template, shape_of
from foretell.export.otlp.wire import attribute_pairs, string_pair
from foretell.model.facts import InferenceFacts
from foretell.model.kinds import LLM
from foretell.semconv import genai, own
from foretell.semconv.encode import span_attributes

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import Session

EncodeContents = Callable[["Call"], list[bytes]]
ContextWindow = Callable[[str | None, str], int | None]
"""Provider and model → tokens that the model can hold; None where that is unknown."""

OUR_PREFIXES = ("gen_ai.", "foretell.", "error.", "server.", "session.", "user.", "openai.")
"""How the names of our attributes begin: a tag of such a name may not take the place of ours."""


def find_context_limit(call: Call, context_window: ContextWindow | None) -> int | None:
    """How many tokens the call's model can hold; None where that is unknown, or no matter."""
    facts = call.facts
    if context_window is None or call.usage is None or not isinstance(facts, InferenceFacts):
        return None
    model = facts.response_model or facts.request_model
    return context_window(facts.provider, model) if model else None


class CallEncoder:
    """Encodes finished calls. Of many calls of one shape only the first costs more than a few microseconds."""

    def __init__(self, context_window: ContextWindow | None = None, *, has_events: bool = False) -> None:
        """`has_events`: log records about the calls are wanted too."""
        self._context_window = context_window
        self._has_events = has_events
        self._encode_contents: EncodeContents | None = None
        self._templates: dict[Shape, Template] = {}
        # Of the call before: most of a batch share them.
        self._run_id, self._run_pair = "", b""
        self._trace_id, self._trace_bytes = -1, b""
        self._session: Session | None = None
        self._session_pairs: list[bytes] = []

    def encode(self, call: Call) -> tuple[list[bytes], int, Sequence[bytes]]:
        """A span in pieces, their size, and log records about it, each as a field of a scope."""
        shape = shape_of(call)
        if shape is not None:
            try:
                return self._encode_by_template(call, shape)
            except (TypeError, struct.error, OverflowError):  # what no template has room for
                pass
        return self._encode_alone(call)

    def _encode_by_template(self, call: Call, shape: Shape) -> tuple[list[bytes], int, Sequence[bytes]]:
        session_pairs = () if call.session is None else self._pairs_of(call.session)
        template = self._templates.get(shape)
        if template is None:
            template = self._make_template(call, shape)
        pairs = template.list_gaps(call)
        pairs += session_pairs
        if call.run_id is not self._run_id:
            self._run_id, self._run_pair = call.run_id, string_pair(own.RUN_ID, call.run_id)
        pairs.append(self._run_pair)
        if call.trace_id != self._trace_id:
            self._trace_bytes = call.trace_id.to_bytes(16, "big")
            self._trace_id = call.trace_id
        trace_id = self._trace_bytes
        if call.content_exported:
            span, size = template.list_span(
                call, trace_id, pairs, flags_of(call), (self._encode_contents or self._find_encoder())(call)
            )
        else:
            span, size = template.list_span(call, trace_id, pairs, flags_of(call))
        has_event = self._has_events and call.kind is LLM
        return span, size, (template.join_event(call, trace_id, pairs),) if has_event else ()

    def _find_encoder(self) -> EncodeContents:
        # Here, because most programs never export contents; and once, because an import takes 1 µs each time.
        from foretell.export.otlp.contents import encode_contents

        self._encode_contents = encode_contents
        return encode_contents

    def _make_template(self, call: Call, shape: Shape) -> Template:
        if len(self._templates) >= SHAPE_LIMIT:
            self._templates.clear()
        attributes = span_attributes(call, find_context_limit(call, self._context_window))
        for name, _ in call.session.tags if call.session is not None else ():
            attributes.pop(name, None)
        template = self._templates[shape] = Template(call, attributes)
        return template

    def _pairs_of(self, session: Session) -> list[bytes]:
        """Encode what a session says; raises `TypeError` where one of its tags might take the place of an attribute of ours."""
        if session is not self._session:
            if any(str(name).startswith(OUR_PREFIXES) for name, _ in session.tags):
                raise TypeError("tags")
            ids = {
                genai.SESSION_ID: session.id,
                genai.USER_ID: session.user_id,
                genai.CONVERSATION_ID: session.conversation_id,
            }
            attributes: dict[str, Any] = {name: value for name, value in ids.items() if value is not None}
            self._session_pairs = attribute_pairs(dict(reversed(session.tags)) | attributes)
            self._session = session
        return self._session_pairs

    def _encode_alone(self, call: Call) -> tuple[list[bytes], int, Sequence[bytes]]:
        attributes = span_attributes(call, find_context_limit(call, self._context_window))
        span = encode_call(call, attributes)
        if not self._has_events:
            return [span], len(span), ()
        from foretell.export.otlp.events import encode_log_events

        return [span], len(span), encode_log_events(call, attributes)
