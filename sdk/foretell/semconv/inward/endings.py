"""Streams that ended early, as other instrumentors tell of them: what is no failure is none here."""

from __future__ import annotations

from foretell.model.call import Call
from foretell.model.facts import InferenceFacts
from foretell.model.kinds import Outcome

ABANDONED = "abandoned stream"
"""What OpenTelemetry's instrumentors say of a stream that nobody read to its end, or closed."""


def settle_stream(call: Call) -> None:
    """A stream that its reader left did not fail, and did not stop for a reason of the model's."""
    facts = call.facts
    if not isinstance(facts, InferenceFacts) or not facts.is_stream:
        return
    if call.error is not None and (call.error.type, call.error.message) == ("_OTHER", ABANDONED):
        call.outcome, call.error = Outcome.OK, None
    if call.usage is None and facts.finish_reasons == ("error",):  # theirs, for none
        facts.finish_reasons = ()
