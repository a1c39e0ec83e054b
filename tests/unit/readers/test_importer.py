"""An import brings everything or nothing, once, and leaves what is there alone."""

from __future__ import annotations

import json

import pytest

from foretell.errors import StoreError
from foretell.model.kinds import Kind
from foretell.model.run import RunQuery
from foretell.model.usage import Cost, Usage
from foretell.readers.importer import Imported, import_calls, import_file
from foretell.readers.otlp_json import MalformedLine


def line(number, **more):
    made = {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": f"invoke_agent a{number}",
        "startTimeUnixNano": "1",
        "endTimeUnixNano": "2",
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}}],
        **more,
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "elsewhere"}}]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [made]}]}]})


@pytest.fixture
def file(tmp_path):
    written = tmp_path / "spans.jsonl"
    written.write_text("\n".join([line(1), line(2)]))
    return written


def test_a_file_becomes_runs(store, reader, file):
    done = import_file(store, file)

    assert (Imported(2, 2, 0), {("a1", "elsewhere"), ("a2", "elsewhere")}) == (
        done, {(run.name, run.service_name) for run in reader.find_runs(RunQuery())}
    )  # fmt: skip


def test_the_same_file_twice_changes_nothing(store, reader, file):
    import_file(store, file)
    before = list(reader.find_runs(RunQuery()))

    assert (Imported(0, 0, 2), before) == (import_file(store, file), list(reader.find_runs(RunQuery())))


def test_one_bad_line_and_nothing_is_imported(store, sink, make, reader, file):
    """Neither the good lines before it, nor is anything touched that was there."""
    sink.take([make.ended_root("here")])
    sink.write()
    file.write_text("\n".join([line(1), "{nonsense", line(2)]))

    with pytest.raises(MalformedLine, match=r"spans\.jsonl, line 2: "):
        import_file(store, file)
    assert ["here"] == [run.name for run in reader.find_runs(RunQuery())]


def test_what_is_imported_can_be_refined_first(store, reader, file):
    """So that redaction sees it before it is kept."""

    def refine(calls):
        for call in calls:
            call.name = "[redacted]"

    import_file(store, file, refine=refine)

    assert {"[redacted]"} == {run.name for run in reader.find_runs(RunQuery())}


def test_sums_of_imported_calls_join_those_that_are_here(store, sink, make, reader):
    """A run that is here in part is completed."""
    root = make.ended_root()
    below = make.end(make.below(root, Kind.LLM, usage=Usage(5), cost=Cost(0.5, "reported")))
    sink.take([root])
    sink.write()
    import_calls(store, [root, below])
    [run] = reader.find_runs(RunQuery())

    assert (2, 5, 0.5) == (run.call_count, run.input_tokens, run.cost_usd)


def test_progress_is_told(store, make):
    root = make.ended_root()
    told = []
    calls = [root, *(make.end(make.below(root)) for _ in range(1_499))]
    import_calls(store, calls, lambda done, total: told.append((done, total)))

    assert [(1000, 1500), (1500, 1500)] == told


def test_texts_that_sqlite_refuses_are_cleaned(store, reader, make):
    import_calls(store, [make.ended_root("a\ud800")])

    assert ["a?"] == [run.name for run in reader.find_runs(RunQuery())]


def test_a_store_that_cannot_be_written_says_so(store, open_store, make):
    with pytest.raises(StoreError, match="took nothing"):
        import_calls(open_store(read_only=True), [make.ended_root()])
