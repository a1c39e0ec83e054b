"""One run as one line of OTLP JSON: an export request as any collector takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.run import Run


def encode_run(run: Run, has_content: bool) -> str:
    """Encode the finished calls of a run; their redacted inputs and outputs only where `has_content`."""
    from foretell import __version__
    from foretell.export.otlp.calls import encode_calls
    from foretell.export.otlp.json_body import request_to_json
    from foretell.export.otlp.wire import resource_field, scope_field

    resource = resource_field({"service.name": run.summary.service_name})
    calls = [_prepared(call, has_content) for call in run.calls if call.end_ns is not None]
    body = encode_calls(calls, resource, scope_field("foretell", __version__))
    return request_to_json(body, "traces").decode()


def _prepared(call: Call, has_content: bool) -> Call:
    """Say of a call that we loaded ourselves, and may change, whether its content goes along."""
    call.content_exported = has_content
    return call
