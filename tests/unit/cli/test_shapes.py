"""The JSON of --json."""

from __future__ import annotations

import json

from builders import fail, make_call, make_model_call, make_root, make_run

from foretell.cli.shapes import shape_call, shape_call_line, shape_run, shape_runs
from foretell.model.facts import AgentTotals, Score
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind
from foretell.model.payload import Payload


def test_every_document_names_its_shape_and_version():
    run = make_run(make_root())

    assert "foretell.runs/1" == shape_runs([run.summary])["schema"]
    assert "foretell.run/1" == shape_run(run)["schema"]
    assert "foretell.call/1" == shape_call_line(run.calls[0])["schema"]


def test_a_document_is_json_whatever_is_in_the_run():
    finding = Finding("t", "k", Severity.INFO, Verdict.UNKNOWN, 1, None, "e", "a", 0.5, {"n": 1}, span_id=2)
    run = make_run(
        fail(make_root(), "E", "m"),
        make_model_call("gpt-4o-mini", 0, 1, id=2, cost_usd=0.1),
        findings=(finding,),
        scores=(Score("s", 1.0),),
    )
    shape = json.loads(json.dumps(shape_run(run, has_content=True)))

    assert ["run", "calls", "findings", "scores", "logs"] == list(shape)[1:]
    assert ("info", "unknown", "0000000000000002") == tuple(
        shape["findings"][0][key] for key in ("severity", "verdict", "span_id")
    )


def test_ids_are_hexadecimal_and_times_utc_because_numbers_of_64_bits_do_not_survive_json():
    shape = shape_call(make_call(Kind.TOOL, "t", 5, 10, id=0xAB))

    assert ("00000000000000ab", "a1b2c3d4e5f60718") == (shape["id"], shape["parent_id"])
    assert ("2026-09-21T14:13:20.005000Z", 0.01) == (shape["start"], shape["duration_s"])


def test_an_unknown_cost_is_null():
    call = make_model_call("m", 0, 1, id=2, cost_usd=None)
    root = make_root()
    root.totals = AgentTotals(1, 0, 100, 20, 0.0, 1)

    assert shape_call(call)["cost_usd"] is None
    assert shape_call(root)["totals"]["cost_usd"] is None
    assert shape_runs([make_run(root, call).summary])["runs"][0]["cost_usd"] is None


def test_tokens_are_given_as_sum_and_buckets():
    call = make_model_call("m", 0, 1, id=2, cost_usd=None)

    assert {
        "input": 100,
        "output": 20,
        "uncached_input": 100,
        "cache_read": 0,
        "cache_write": 0,
        "reasoning": 0,
        "is_estimated": False,
    } == shape_call(call)["tokens"]


def test_content_is_there_only_when_asked_for():
    call = make_call(Kind.TOOL, "t", 0, 1, id=2)
    call.input_payload = Payload('{"a":1}', 7, {"email": 1})

    assert "input" not in shape_call(call)
    assert {
        "value": {"a": 1},
        "size_bytes": 7,
        "is_truncated": False,
        "redactions": {"email": 1},
        "blob_sha256": None,
    } == shape_call(call, has_content=True)["input"]
