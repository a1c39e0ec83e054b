"""Calls that are still running, as they may be shown before their worker has refined them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from foretell.model.call import Call
from foretell.payloads.names import NAME_CHARS
from foretell.payloads.refine import RefineCounts
from foretell.payloads.texts import redact_session
from foretell.privacy.matching import FAILED

if TYPE_CHECKING:
    from foretell.privacy.redactor import Redactor

_KEPT = (
    "span_id", "parent_id", "parent_is_remote", "step_index", "rss_open_bytes", "trace_flags", "trace_state", "span_kind",
    "scope",
)  # fmt: skip


def refine_open(calls: Sequence[Call], redactor: Redactor, hash_key: bytes = b"") -> list[Call]:
    """Return open calls: each as it is where nothing in its name or session must go, else a copy without that.

    Reads only what is set at opening, and leaves the calls alone: they still run. Never raises.
    """
    return [_refine(call, redactor, hash_key) for call in calls]


def _refine(call: Call, redactor: Redactor, hash_key: bytes) -> Call:
    version, session = call.version, call.session
    try:
        name = redactor.redact_name(call.name[:NAME_CHARS])
        agent_name = None if call.agent_name is None else redactor.redact_name(call.agent_name[:NAME_CHARS])
        version = None if version is None else redactor.redact_name(version[:NAME_CHARS])
        session = None if session is None else redact_session(session, redactor, RefineCounts(), hash_key)
    except Exception:  # whether these are clean can no longer be said; the fault is told when the call has ended
        name, agent_name, version, session = FAILED, FAILED, None, None
    if (name, agent_name, version, session) == (call.name, call.agent_name, call.version, call.session):
        return call
    shown = Call(call.kind, name, id=call.id, trace_id=call.trace_id, run_id=call.run_id, start_ns=call.start_ns)
    shown.agent_name, shown.version, shown.session = agent_name, version, session
    for slot in _KEPT:
        setattr(shown, slot, getattr(call, slot))
    return shown
