"""A batch of calls leaves the refiner with identities and payloads, and without secrets anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from foretell.model.call import Call
from foretell.model.facts import ErrorFacts, Event, InferenceFacts, Link, Session, ToolFacts
from foretell.model.kinds import Kind
from foretell.payloads.payload import Limits
from foretell.payloads.refine import RefineCounts, refine_contents
from foretell.payloads.taking.snapshot import take_arguments, take_snapshot
from foretell.privacy.redactor import Redactor

REDACTOR = Redactor()
KEY = b"k" * 32
SECRET = "AKIA" + "IOSFODNN7EXAMPLE"
GONE = "[redacted:aws_access_key]"


def make_call(name: str = "search", given: Any = ..., result: Any = ...) -> Call:
    """A finished tool call."""
    call = Call(Kind.TOOL, name, id=1, trace_id=2, run_id="0000000000000001", start_ns=0)
    call.input = None if given is ... else take_snapshot(given)
    call.output = None if result is ... else take_snapshot(result)
    return call


def refine(*calls: Call, limits: Limits | None = None, key: bytes = KEY) -> RefineCounts:
    """Refine calls as one batch."""
    return refine_contents(calls, REDACTOR, limits or Limits(), key)


class TestContents:
    """Inputs and outputs."""

    def test_they_become_payloads(self) -> None:
        """And what was captured is let go."""
        call = make_call(given={"q": "weather"}, result=["sunny"])
        refine(call)

        assert ('{"q":"weather"}', '["sunny"]') == (call.input_payload.text, call.output_payload.text)  # type: ignore[union-attr]
        assert (None, None) == (call.input, call.output)

    def test_nothing_captured_is_no_payload(self) -> None:
        """None captured stays None, an empty value does not."""
        nothing, empty = make_call(), make_call(given={}, result=None)
        refine(nothing, empty)

        assert (None, None, None) == (nothing.input_payload, nothing.output_payload, nothing.identity)
        assert ("{}", "null") == (empty.input_payload.text, empty.output_payload.text)  # type: ignore[union-attr]

    def test_only_the_dirty_ones_of_a_batch_change(self) -> None:
        """And are counted."""
        calls = [make_call(given={"n": n}, result=SECRET if n % 10 == 3 else "fine") for n in range(50)]
        counts = refine(*calls)

        assert [f'"{GONE}"' if n % 10 == 3 else '"fine"' for n in range(50)] == [
            call.output_payload.text for call in calls
        ]  # type: ignore[union-attr]
        assert {"aws_access_key": 5} == counts.redactions

    def test_a_stream_is_read_over_its_seams(self) -> None:
        """A secret in two chunks is gone."""
        call = make_call(result=[{"delta": SECRET[:9]}, {"delta": SECRET[9:]}])
        refine(call)

        assert [{"delta": GONE}, {"delta": ""}] == json.loads(call.output_payload.text)  # type: ignore[union-attr]

    def test_truncation_is_counted(self) -> None:
        """Where a part is lost, not where it is a blob."""
        whole, cut = make_call(given="x" * 30_000), make_call(given="x" * 90_000)
        counts = refine(whole, cut, limits=Limits(inline_bytes=1000, blob_bytes=50_000))

        assert 1 == counts.truncated
        assert (False, True) == (whole.input_payload.is_truncated, cut.input_payload.is_truncated)  # type: ignore[union-attr]

    def test_contents_may_be_kept_out(self) -> None:
        """The identity is still there, for loops."""
        call = make_call(given={"q": 1}, result="x")
        refine(call, limits=Limits(keeps_contents=False))

        assert (None, None, None, None) == (call.input, call.output, call.input_payload, call.output_payload)
        assert call.identity is not None

    def test_control_characters_are_escaped(self) -> None:
        """In long texts, which are written in a quicker way, too."""
        call = make_call(given={"a": "x" * 3000 + "\x01\x1f\n"}, result="\x00")
        refine(call)

        assert {"a": "x" * 3000 + "\x01\x1f\n"} == json.loads(call.input_payload.text)  # type: ignore[union-attr]
        assert '"\\u0000"' == call.output_payload.text  # type: ignore[union-attr]


class TestIdentity:
    """Finds repeats without the content."""

    @staticmethod
    def identify(name: str, given: Any, key: bytes = KEY) -> str | None:
        """The identity of one call."""
        call = make_call(name, given)
        refine(call, key=key)
        return call.identity

    def test_equal_calls_have_equal_identities(self) -> None:
        """The order of keywords does not matter."""
        first = make_call()
        first.input = take_arguments(("a", "b"), (1,), {"b": {"x": 1, "y": 2}})
        second = make_call()
        second.input = take_arguments(("a", "b"), (), {"b": {"y": 2, "x": 1}, "a": 1})
        refine(first, second)

        assert first.identity == second.identity

    @pytest.mark.parametrize(
        ("name", "given"), [("other", {"a": 1}), ("search", {"a": 2}), ("search", {"a": "1"}), ("search", {"a": [1]})]
    )
    def test_other_names_and_inputs_have_others(self, name: str, given: Any) -> None:
        """Anything that differs."""
        assert self.identify("search", {"a": 1}) != self.identify(name, given)

    def test_secrets_tell_calls_apart(self) -> None:
        """It is made of the unredacted input."""
        assert self.identify("mail", "a@example.com") != self.identify("mail", "b@example.com")

    def test_it_depends_on_the_key(self) -> None:
        """So that nobody can guess an input and compare."""
        assert self.identify("mail", "a") != self.identify("mail", "a", key=b"z" * 32)

    @pytest.mark.parametrize("length", [10, 3000, 200_000])
    def test_every_character_counts(self, length: int) -> None:
        """At any length."""
        assert self.identify("t", "x" * length + "a") != self.identify("t", "x" * length + "b")


class TestOtherText:
    """Everything else that a call tells in words."""

    def test_all_of_it_is_redacted(self) -> None:
        """In place, and counted once per match."""
        call = make_call(f"tool {SECRET}")
        call.agent_name = f"agent {SECRET}"
        call.error = ErrorFacts("ValueError", f"bad {SECRET}", f"Traceback …\n{SECRET}")
        call.attributes = {"url.full": f"https://h/?k={SECRET}", "n": 3, "http.request.header.authorization": ["x1"]}
        call.events = [Event("log", 5, {"body": f"said {SECRET}", "ok": True}), Event("fine", 6, {})]
        call.links = [Link(1, 2, {"why": SECRET})]
        call.session = session = Session("s-1", user_id="u-1", tags=(("mail", "bob@example.com"), ("n", 1)))
        call.facts = InferenceFacts(request={"user": "bob@example.com", "max_tokens": 5})
        counts = refine(call)

        assert (f"tool {GONE}", f"agent {GONE}") == (call.name, call.agent_name)
        assert ErrorFacts("ValueError", f"bad {GONE}", f"Traceback …\n{GONE}") == call.error
        assert {
            "url.full": f"https://h/?k={GONE}", "n": 3, "http.request.header.authorization": "[redacted:secret]"
        } == call.attributes  # fmt: skip
        assert [Event("log", 5, {"body": f"said {GONE}", "ok": True}), Event("fine", 6, {})] == call.events
        assert [Link(1, 2, {"why": GONE})] == call.links
        assert Session("s-1", user_id="u-1", tags=(("mail", "[redacted:email]"), ("n", 1))) == call.session
        assert "bob@example.com" == dict(session.tags)["mail"]
        assert {"user": "[redacted:email]", "max_tokens": 5} == call.facts.request
        assert {"aws_access_key": 5, "email": 2, "secret": 1} == counts.redactions

    def test_clean_text_is_left_as_it_is(self) -> None:
        """The very same objects."""
        call = make_call()
        call.error = error = ErrorFacts("ValueError", "no such city")
        call.attributes = attributes = {"city": ("Paris", "Rome")}
        call.facts = ToolFacts(description="Finds cities")
        refine(call)

        assert call.error is error
        assert call.attributes is attributes
        assert "Finds cities" == call.facts.description

    def test_values_of_any_kind_may_be_attributes(self) -> None:
        """Nothing raises."""
        call = make_call()
        call.attributes = {"a": object(), "b": b"\xff", "c": float("nan"), "d": SECRET}
        refine(call)

        assert GONE == call.attributes["d"]


def test_a_failing_rule_is_counted() -> None:
    """And what it failed on is gone."""

    def fail(text: str) -> str:
        raise RuntimeError(text)

    call = make_call(given={"a": "b"})
    counts = refine_contents([call], Redactor(hooks=[fail]), Limits(), KEY)

    assert "b" not in json.loads(call.input_payload.text).values()  # type: ignore[union-attr]
    assert counts.failures > 0


def test_a_batch_that_cannot_be_refined_has_no_text_left() -> None:
    """Whoever goes on with it finds no secret."""
    call = make_call(f"tool {SECRET}", given=SECRET, result=SECRET)
    call.error = ErrorFacts("ValueError", SECRET, SECRET)
    call.attributes = {"a": SECRET}
    call.session = Session(SECRET)  # whose hash takes no key of that length
    with pytest.raises(ValueError, match="key"):
        refine(call, key=b"k" * 100)

    assert SECRET not in f"{call.name} {call.input} {call.output} {call.error} {call.attributes}"
    assert "ValueError" == call.error.type


def test_an_empty_batch_is_nothing() -> None:
    """No search, no counts."""
    assert RefineCounts() == refine()
