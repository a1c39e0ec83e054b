"""When bytes are short, contents give way and the call stays."""

from __future__ import annotations

import foretell
from foretell.instrument.operation import CALL_BYTES
from foretell.instrument.work.shedding import shed_contents

ANSWER = {"id": "r", "model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}


def test_contents_go_and_the_bytes_are_told(record):
    with foretell.tool("t") as call:
        call.set_input("x" * 100)
        call.set_output("y" * 50)

        assert 154 == shed_contents(call)  # the quotes of two texts
        assert (None, None, CALL_BYTES) == (call.input, call.output, call.size_bytes)
        assert 0 == shed_contents(call)


def test_the_tokens_of_a_model_call_are_kept(record):
    with foretell.llm("gpt-4o", provider="openai") as call:
        call.set_output(ANSWER)
        shed_contents(call)

        assert [{"prompt_tokens": 3, "completion_tokens": 1}] == [skeleton["usage"] for skeleton in call.response]
