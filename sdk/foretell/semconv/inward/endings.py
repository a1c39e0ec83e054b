"""Calls that their reader left, as other instrumentors tell of them: what is no failure is none here."""

from __future__ import annotations

from foretell.model.call import Call
from foretell.model.facts import InferenceFacts
from foretell.model.kinds import Outcome

ABANDONED = "abandoned stream"
"""What OpenTelemetry's instrumentors say of a stream that nobody read to its end, or closed."""


def settle_early_end(call: Call) -> None:
    """A stream that its reader closed or forgot did not fail, and its model gave no reason to stop."""
    error, facts = call.error, call.facts
    if error is not None and (error.type == "GeneratorExit" or (error.type, error.message) == ("_OTHER", ABANDONED)):
        call.outcome, call.error = Outcome.OK, None
    if not isinstance(facts, InferenceFacts) or not facts.is_stream:
        return
    if call.usage is None and facts.finish_reasons == ("error",):
        facts.finish_reasons = ()  # their word for none
