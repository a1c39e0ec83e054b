"""No secret is left in what names a call, a session, feedback, or a call that still runs."""

from __future__ import annotations

import dataclasses

import pytest

from foretell.model.call import Call
from foretell.model.facts import (
    ErrorFacts,
    Event,
    InferenceFacts,
    MemoryFacts,
    RetrievalFacts,
    Score,
    Session,
    ToolFacts,
)
from foretell.model.kinds import Kind
from foretell.payloads.logs import refine_scores
from foretell.payloads.names import NAME_CHARS
from foretell.payloads.opened import refine_open
from foretell.payloads.payload import Limits
from foretell.payloads.refine import refine_contents
from foretell.privacy.redactor import Redactor

REDACTOR = Redactor()
KEY = b"k" * 32
SECRET = "AKIA" + "IOSFODNN7EXAMPLE"
GONE = "[redacted:aws_access_key]"


def make_call(kind: Kind = Kind.TOOL, name: str = "search") -> Call:
    """A call of which nothing more is known."""
    return Call(kind, name, id=1, trace_id=2, run_id="0000000000000001", start_ns=0)


def refine(*calls: Call) -> None:
    """Refine calls as one batch."""
    refine_contents(calls, REDACTOR, Limits(), KEY)


FACTS = [
    InferenceFacts(
        "p", "chat", "m", "rm", "id", ("stop",), system_fingerprint="f", service_tier="t", server_address="h"
    ),
    ToolFacts("function", "call", "what it does"),
    RetrievalFacts("docs", "p"),
    MemoryFacts("search_memory", "store", "record", provider="p"),
]


class Name(str):
    """A text of the program's own class."""

    __slots__ = ()


@pytest.mark.parametrize("clean", FACTS, ids=lambda facts: type(facts).__name__)
def test_every_text_among_the_facts_is_redacted(clean: InferenceFacts) -> None:
    """Each field by itself, whatever the others hold; clean ones stay."""
    texts = [field.name for field in dataclasses.fields(clean) if isinstance(getattr(clean, field.name), str)]
    for name in texts:
        call = make_call()
        call.facts = dataclasses.replace(clean, **{name: f"x {SECRET}"})
        refine(call)

        assert dataclasses.replace(clean, **{name: f"x {GONE}"}) == call.facts


def test_finish_reasons_are_redacted() -> None:
    """They are several texts in one field."""
    call = make_call(Kind.LLM)
    call.facts = InferenceFacts(finish_reasons=("stop", SECRET))
    refine(call)

    assert ("stop", GONE) == call.facts.finish_reasons


def test_names_of_events_and_types_of_errors_are_redacted() -> None:
    """A name may be put together at run time."""
    call = make_call()
    call.version = SECRET
    call.events = [Event(f"found {SECRET}", 0, {})]
    call.error = ErrorFacts(SECRET)
    refine(call)

    assert (GONE, [f"found {GONE}"], GONE) == (call.version, [event.name for event in call.events], call.error.type)


def test_a_name_has_an_end() -> None:
    """A prompt that was given as a name does not become a label."""
    call = make_call(name="x" * 10**6)
    refine(call)

    assert NAME_CHARS == len(call.name)


def test_two_users_whose_ids_must_go_are_still_two() -> None:
    """What is left of the id of each is the same in every call, and nothing by which to find out whose it is."""
    calls = [make_call() for _ in range(3)]
    for call, user in zip(calls, ("ann@example.com", "bob@example.com", "ann@example.com"), strict=True):
        call.session = Session("s-1", user)
    refine(*calls)
    users = [call.session.user_id for call in calls if call.session is not None]

    assert (users[0], 2) == (users[2], len(set(users)))
    assert all(user is not None and user.startswith("[redacted:email]#") for user in users)
    assert ["s-1"] * 3 == [call.session.id for call in calls if call.session is not None]


def test_a_shared_session_is_redacted_for_its_calls_only() -> None:
    """Calls that still run keep the session as it is."""
    session = Session("s-1", tags=(("key", SECRET),))
    call, other = make_call(), make_call()
    call.session = other.session = session
    refine(call)

    assert Session("s-1", tags=(("key", GONE),)) == call.session
    assert session is other.session


def test_feedback_is_redacted() -> None:
    """Name, label and comment."""
    scores = [Score("helpful", 1.0), Score(SECRET, None, SECRET, f"because {SECRET}")]

    assert [Score("helpful", 1.0), Score(GONE, None, GONE, f"because {GONE}")] == refine_scores(scores, REDACTOR)


def test_a_running_call_is_shown_without_secrets_and_left_alone() -> None:
    """It is shown as a copy; one without a secret is shown as it is."""
    clean, dirty = make_call(Kind.AGENT), make_call(Kind.AGENT, f"agent {SECRET}")
    dirty.session, dirty.parent_id, dirty.step_index = Session(user_id=SECRET), 7, 3
    shown = refine_open([clean, dirty], REDACTOR, KEY)

    assert clean is shown[0]
    assert (f"agent {GONE}", 1, 7, 3) == (shown[1].name, shown[1].id, shown[1].parent_id, shown[1].step_index)
    assert SECRET not in repr(shown[1].session)
    assert (f"agent {SECRET}", SECRET) == (dirty.name, dirty.session.user_id)


def test_a_running_call_that_cannot_be_redacted_has_no_name() -> None:
    """Nothing that was not read is shown."""

    class Broken(Redactor):
        def redact_name(self, name: str) -> str:
            raise RuntimeError(name)

    shown = refine_open([make_call(Kind.AGENT, SECRET)], Broken())

    assert "[redacted:failed]" == shown[0].name


def test_a_name_of_a_class_of_its_own_is_redacted_too() -> None:
    """Enumerations of texts name agents."""
    call = make_call(name=Name(f"search {SECRET}"))
    call.agent_name = Name(SECRET)
    refine(call)

    assert (f"search {GONE}", GONE) == (call.name, call.agent_name)


def test_a_name_that_is_too_long_is_cut_each_time() -> None:
    """Also the second time, when its beginning is known to be clean."""
    names = []
    for _ in range(2):
        call = make_call(name="n" * (NAME_CHARS + 1))
        call.agent_name = "a" * (NAME_CHARS + 1)
        refine(call)
        names.append((call.name, call.agent_name))

    assert [("n" * NAME_CHARS, "a" * NAME_CHARS)] * 2 == names
