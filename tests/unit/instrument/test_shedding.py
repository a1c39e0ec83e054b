"""When bytes are short, contents give way and the call stays."""

from __future__ import annotations

from foretell.instrument.shedding import shed_contents
from foretell.model.call import Call
from foretell.model.kinds import Kind
from foretell.payloads.snapshot import take_snapshot

ANSWER = {"id": "r", "model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}


class Waiting(Call):
    """A call with the size that the queue counts."""

    size_bytes = 0


def make_call(kind: Kind, output: object) -> Waiting:
    call = Waiting(kind, "call", id=1, trace_id=1, run_id="0" * 16, start_ns=0)
    call.input, call.output = take_snapshot("x" * 100), take_snapshot(output)
    call.size_bytes = call.input.size_bytes + call.output.size_bytes
    return call


def test_contents_go_and_the_bytes_are_told():
    call = make_call(Kind.TOOL, "y" * 50)

    assert 150 == shed_contents(call)
    assert (None, None, 0) == (call.input, call.output, call.size_bytes)
    assert 0 == shed_contents(call)


def test_the_tokens_of_a_model_call_are_kept():
    call = make_call(Kind.LLM, ANSWER)
    shed_contents(call)

    assert [{"prompt_tokens": 3, "completion_tokens": 1}] == [skeleton["usage"] for skeleton in call.response]
