"""What is taken is written whole, sums are right, and trouble is contained, counted and over when it is over."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from datetime import date

import pytest

from foretell.model.facts import (
    AgentTotals,
    ErrorFacts,
    Event,
    InferenceFacts,
    Link,
    MemoryFacts,
    RetrievalFacts,
    Score,
    Session,
    ToolFacts,
)
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.run import RunQuery
from foretell.model.usage import Cost, Usage
from foretell.readers.store import StoreReader
from foretell.store.health import inspect_health
from foretell.store.store import Store
from foretell.store.writing.buffer import BufferLimits
from foretell.store.writing.writer import StoreSink

EMPTY = {"agent", "response", "input", "output"}


def facts_of(call):
    """Everything about a call that outlives its process."""
    return {name: getattr(call, name) for name in call.__slots__ if name not in EMPTY}


def write(sink, *calls):
    sink.take(calls)
    sink.write()


def full_call(make, root):
    call = make.below(root, Kind.LLM, "gpt-4o")
    call.id = call.span_id = (1 << 64) - 5
    call.parent_id = (1 << 63) + 1
    call.span_id = (1 << 63) + 2
    call.step_index = 3
    call.session = Session("s-1", "u-1", "c-1", (("team", "blue"),))
    call.facts = InferenceFacts(
        provider="openai",
        request_model="gpt-4o",
        response_model="gpt-4o-2024",
        response_id="resp_1",
        finish_reasons=("stop",),
        request={"temperature": 0.5},
        is_stream=True,
        time_to_first_chunk_s=0.25,
        chunk_gaps_s=[0.1, 0.2],
        server_port=443,
    )
    call.usage = Usage(10, 20, 30, 40, 50, {"text": 60}, is_estimated=True)
    call.cost = Cost(0.25, "genai-prices", date(2025, 1, 2))
    call.error = ErrorFacts("ValueError", "bad \N{GREEK SMALL LETTER ALPHA}", "Traceback …")
    call.input_payload = Payload('{"q":"ä"}', 10, {"email": 2}, True, "ab" * 32, None)
    call.output_payload = Payload('"fine"', 6)
    call.content_exported = True
    call.attributes = {"deployment": "blue", "n": 1}
    call.events = [Event("chunk", 5, {"size": 3})]
    call.links = [Link(1 << 127, 1 << 63, {"why": "retry"})]
    call.identity = "cafe"
    call.rss_open_bytes, call.rss_close_bytes = 1_000, 2_000
    call.version, call.trace_flags, call.trace_state, call.span_kind = "1.2", 0, "a=b", "client"
    return make.end(call, Outcome.TIMEOUT)


def test_a_call_comes_back_as_it_was(make, sink, reader):
    """Every fact survives, large ids included."""
    root = make.ended_root(totals=AgentTotals(1, 2, 3, 4, 0.5, 6))
    call = full_call(make, root)
    write(sink, call, root)

    assert [facts_of(root), facts_of(call)] == [facts_of(read) for read in reader.load_run(root.run_id).calls]


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (Kind.TOOL, ToolFacts("datastore", "c-1", "looks things up")),
        (Kind.TOOL, ToolFacts()),
        (Kind.RETRIEVER, RetrievalFacts("kb", "pinecone", 5)),
        (Kind.MEMORY, MemoryFacts("update_memory", "m", "r", 2, "mem0")),
        (Kind.EMBEDDINGS, InferenceFacts("openai", "embeddings", "ada", dimension_count=256)),
        (Kind.STEP, None),
    ],
)
def test_facts_of_every_kind_come_back(make, sink, reader, kind, facts):
    root = make.ended_root()
    write(sink, make.end(make.below(root, kind, facts=facts)), root)

    assert facts == reader.load_run(root.run_id).calls[1].facts


def test_a_runs_line_sums_its_inferences(make, sink, reader):
    """Tokens and cost are those of inferences; spans of others are no calls; an unknown price is counted."""
    root = make.root(session=Session("s-1", "u-1"))
    calls = [
        make.end(make.below(root, Kind.LLM, usage=Usage(1, 2, 3, 4, 5), cost=Cost(0.5, "override"))),
        make.end(make.below(root, Kind.EMBEDDINGS, usage=Usage(10), cost=Cost(0.25, "override"))),
        make.end(make.below(root, Kind.LLM, usage=Usage(100, output=7))),
        make.end(make.below(root, Kind.LLM), Outcome.ERROR, "no answer"),
        make.end(make.below(root, Kind.TOOL, usage=Usage(999)), Outcome.THROTTLED),
        make.end(make.below(root, Kind.SPAN), Outcome.ERROR),
        make.end(root, Outcome.ERROR, "gave up"),
    ]
    write(sink, *calls)
    [run] = reader.find_runs(RunQuery())

    assert (6, 3, 116, 16, 0.75, 1) == (
        run.call_count, run.error_count, run.input_tokens, run.output_tokens, run.cost_usd, run.unpriced_calls
    )  # fmt: skip
    assert ("planner", "planner", "shop", Outcome.ERROR, "gave up", "s-1", "u-1") == (
        run.name, run.agent_name, run.service_name, run.outcome, run.error_message, run.session_id, run.user_id
    )  # fmt: skip
    assert (root.trace_id, root.start_ns, root.end_ns) == (run.trace_id, run.start_ns, run.end_ns)


def test_nothing_priced_is_no_price(make, sink, reader):
    """Unknown is never 0."""
    root = make.ended_root()
    write(sink, make.end(make.below(root, Kind.LLM, usage=Usage(1))), root)
    [run] = reader.find_runs(RunQuery())

    assert (None, 1) == (run.cost_usd, run.unpriced_calls)


@pytest.mark.parametrize("order", ["root first", "root last"])
def test_a_runs_line_is_right_whoever_writes_first(make, store, order, open_store, clock):
    """Two processes write parts of one run; the root's facts stand, the sums add up."""
    here, there = StoreSink(store, service_name="front"), StoreSink(open_store(), service_name="back")
    root = make.ended_root()
    below = make.end(make.below(root, Kind.LLM, "gpt", agent_name="helper", usage=Usage(5), cost=Cost(1.0, "override")))
    below.end_ns = root.end_ns + 50
    parts = [(here, root), (there, below)]
    for sink, call in parts if order == "root first" else reversed(parts):
        write(sink, call)
    [run] = StoreReader(store).find_runs(RunQuery())

    assert ("planner", "planner", "front", 2, 5, 1.0, root.end_ns) == (
        run.name, run.agent_name, run.service_name, run.call_count, run.input_tokens, run.cost_usd, run.end_ns
    )  # fmt: skip


def test_a_run_without_its_root_shows_the_call_that_ended_last(make, sink, reader):
    """The root may be in another store, on another machine."""
    root = make.root()
    write(sink, make.end(make.below(root, name="first")), make.end(make.below(root, name="last"), Outcome.ERROR, "no"))
    [run] = reader.find_runs(RunQuery())

    assert ("last", Outcome.ERROR, "no", 2) == (run.name, run.outcome, run.error_message, run.call_count)


@pytest.mark.parametrize("count", [1, 3, 255, 256, 257, 700])
def test_batches_of_any_size_arrive_whole_and_in_order(make, sink, reader, count):
    root = make.ended_root()
    calls = [root, *(make.end(make.below(root)) for _ in range(count - 1))]
    write(sink, *calls)

    assert [call.id for call in calls] == [call.id for call in reader.load_run(root.run_id).calls]


def test_an_open_call_is_seen_and_then_closed(make, sink, reader):
    root = make.root(session=Session("s"), version="2")
    sink.take_open([root])
    sink.write()
    [open_run] = reader.find_runs(RunQuery())
    [open_call] = reader.load_run(root.run_id).calls
    write(sink, make.end(root))
    [run] = reader.find_runs(RunQuery())

    assert (Outcome.OPEN, None, 1, Outcome.OPEN, Session("s"), "2") == (
        open_run.outcome, open_run.end_ns, open_run.call_count, open_call.outcome, open_call.session, open_call.version
    )  # fmt: skip
    assert (Outcome.OK, 1, 1) == (run.outcome, run.call_count, len(reader.load_run(root.run_id).calls))


def test_a_call_that_opens_and_ends_before_a_write_is_stored_once(make, sink, reader):
    root = make.root()
    sink.take_open([root])
    write(sink, make.end(root))

    assert [Outcome.OK] == [call.outcome for call in reader.load_run(root.run_id).calls]


def test_an_open_child_makes_its_run_visible(make, sink, reader):
    """Even before the root or any finished call is there."""
    root = make.root()
    sink.take_open([make.below(root)])
    sink.write()
    [run] = reader.find_runs(RunQuery())

    assert (root.run_id, Outcome.OPEN) == (run.id, run.outcome)


def test_whole_bodies_are_kept_once(make, sink, reader, store):
    """Two calls with the same large body share one blob."""
    body = b'"' + b"x" * 50_000 + b'"'
    sha256 = hashlib.sha256(body).hexdigest()
    root = make.ended_root(input_payload=Payload('"xx"', len(body), is_truncated=True, blob_sha256=sha256, blob=body))
    below = make.end(make.below(root, output_payload=root.input_payload))
    write(sink, below, root)
    with store.reading() as connection:
        count = connection.execute("SELECT count(*) FROM blobs").fetchone()[0]

    assert (1, body, None) == (count, reader.load_blob(sha256), reader.load_blob("00" * 32))


def test_scores_and_findings_come_back_with_their_run(make, sink, reader):
    root = make.ended_root()
    score = Score("helpful", 0.5, "good", "thanks", 12, root.run_id, (1 << 64) - 1)
    finding = Finding(
        "agent_loop", "planner", Severity.CRITICAL, Verdict.FIRING, 10, None, "It loops.", "Stop it.", 0.9,
        {"repeats": 4}, root.run_id, (1 << 63) + 1, "planner",
    )  # fmt: skip
    sink.take_scores([score])
    sink.take_findings([finding])
    write(sink, root)
    run = reader.load_run(root.run_id)

    assert ((score,), (finding,), 1) == (run.scores, run.findings, run.summary.finding_count)


def test_a_finding_that_resolves_is_still_one(make, sink, reader):
    root = make.ended_root()
    for verdict, end_ns in ((Verdict.FIRING, None), (Verdict.QUIET, 99)):
        sink.take_findings(
            [Finding("stall", "k", Severity.WARNING, verdict, 10, end_ns, "", "", 1.0, run_id=root.run_id)]
        )
    write(sink, root)

    assert [(Verdict.QUIET, 99)] == [(f.verdict, f.end_ns) for f in reader.load_run(root.run_id).findings]


def test_texts_that_sqlite_refuses_are_cleaned(make, sink, reader):
    """A lone surrogate or a huge number costs neither its call nor its neighbours."""
    root = make.ended_root("plan\ud800ner", step_index=1 << 70)
    other = make.ended_root("other")
    write(sink, root, other)

    assert ({"plan?ner", "other"}, {}, {}) == (
        {run.name for run in reader.find_runs(RunQuery())}, dict(sink.problems), dict(sink.dropped)
    )  # fmt: skip


def test_a_call_that_json_cannot_hold_costs_only_itself(make, sink, reader):
    endless: dict = {}
    endless["self"] = endless
    bad, good = make.ended_root("bad", attributes=endless), make.ended_root("good")
    write(sink, bad, good)

    assert (["good"], {"unreadable": 1}) == ([run.name for run in reader.find_runs(RunQuery())], dict(sink.dropped))


def test_a_locked_store_loses_nothing(make, sink, store, reader):
    """Somebody holds the lock longer than a write waits: the rows wait and are written by the next."""
    other = sqlite3.connect(store.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    root = make.ended_root()
    write(sink, root)
    troubles = dict(sink.problems)
    other.execute("ROLLBACK")
    other.close()
    sink.write()

    assert ({"database is locked": 1}, [root.run_id], {}) == (
        troubles, [run.id for run in reader.find_runs(RunQuery())], dict(sink.dropped)
    )  # fmt: skip


def test_each_trouble_is_told_by_its_kind(make, store, clock, directory):
    """Whoever listens hears what is wrong with the store, and can say it once."""
    heard = []
    sink = StoreSink(store, service_name="shop", on_trouble=lambda kind, text: heard.append((kind, text)))
    write(sink, make.ended_root())
    shutil.rmtree(directory)
    write(sink, make.ended_root())
    other = sqlite3.connect(store.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write(sink, make.ended_root())
    other.close()

    assert ["store.moved", "store.locked"] == [kind for kind, _ in heard]
    assert all(str(store.file) in text for _, text in heard)


def test_what_comes_to_light_after_the_goodbye_is_kept(make, store, clock, directory):
    """The collector is the last to be heard of."""
    counts = {"trouble": 0}
    sink = StoreSink(store, service_name="shop", counts=lambda: counts)
    sink.save_counts()
    assert () == inspect_health(directory, now_ns=clock).processes
    write(sink, make.ended_root())
    sink.close()
    counts["trouble"] = 3
    sink.save_counts()
    health = inspect_health(directory, now_ns=clock)

    assert ({"trouble": 3}, 1, ()) == (health.counts, len(health.processes), health.alive)


@pytest.mark.parametrize(("counts", "kept"), [({"trouble.integrations.acme": 1}, 1), ({"started.calls": 0}, 0)])
def test_who_recorded_nothing_because_of_a_trouble_leaves_word_of_it(store, clock, directory, counts, kept):
    """A framework that could not be recorded, say; who had nothing to record leaves no trace."""
    StoreSink(store, service_name="shop", counts=lambda: counts).close()

    assert kept == len(inspect_health(directory, now_ns=clock).processes)


def block(directory):
    """Put a file where the store's directory was: nothing can be opened or made there, not even by root."""
    shutil.rmtree(directory)
    directory.write_text("in the way")


def test_what_waits_is_bounded_and_what_is_lost_is_counted(make, store, clock):
    """While the store is away the oldest calls go; the run's sums still count them."""
    sink = StoreSink(store, service_name="shop", limits=BufferLimits(rows=5))
    block(store.directory)
    root = make.root()
    for _ in range(3):
        write(sink, *(make.end(make.below(root)) for _ in range(4)))
    sink.write()
    store.directory.unlink()
    clock.pass_s(2)
    write(sink, make.end(root))
    run = StoreReader(store).load_run(root.run_id)

    assert (13, 13 - sink.dropped["store_unavailable"]) == (run.summary.call_count, len(run.calls))


def test_a_directory_that_comes_back_is_used_again(make, sink, store, reader, clock):
    """Trouble is said once, retried at most once a second, and over when it is over."""
    block(store.directory)
    root = make.ended_root()
    for _ in range(10):
        write(sink, make.end(make.below(root)))
    troubles = [message for message in sink.problems if "cannot be made" in message]
    tries = sum(sink.problems[message] for message in troubles)
    store.directory.unlink()
    clock.pass_s(2)
    write(sink, root)

    assert (1, 1, 11) == (len(troubles), tries, len(reader.load_run(root.run_id).calls))


def test_a_deleted_directory_is_made_anew(make, sink, store, reader):
    write(sink, make.ended_root("before"))
    shutil.rmtree(store.directory)
    write(sink, make.ended_root("after"))

    assert ["after"] == [run.name for run in reader.find_runs(RunQuery())]
    assert [True] == ["was deleted" in message for message in sink.problems]


def test_a_full_disk_is_contained_and_heals(make, sink, store, reader, clock):
    """SQLite's page limit stands for the disk's."""
    write(sink, make.ended_root())
    with store.autocommit() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")
    root = make.ended_root(input_payload=Payload('"' + "x" * 200_000 + '"', 200_002))
    write(sink, root)
    troubles = dict(sink.problems)
    clock.pass_s(2)
    sink.write()

    assert ({"database or disk is full": 1}, 1) == (troubles, len(reader.load_run(root.run_id).calls))


def test_a_store_that_is_damaged_under_us_is_contained(make, sink, store, clock):
    write(sink, make.ended_root())
    store.disconnect()
    store.file.write_bytes(b"garbage" * 1000)
    write(sink, make.ended_root())

    assert any("damaged" in message for message in sink.problems)


def test_flush_gives_up_where_nothing_can_be_written(make, sink, store):
    block(store.directory)
    sink.take([make.ended_root()])

    assert False is sink.flush(5.0)


def test_flush_writes_everything(make, sink, reader):
    root = make.ended_root()
    for _ in range(7):
        sink.take([make.end(make.below(root)) for _ in range(1000)])
    sink.take([root])

    assert (True, 7001) == (sink.flush(30.0), len(reader.load_run(root.run_id).calls))


def test_a_forked_child_starts_with_nothing(make, sink, store):
    """What the parent noted is the parent's to write."""
    sink.take([make.ended_root()])
    sink.after_fork()
    sink.write()

    assert [] == list(StoreReader(store).find_runs(RunQuery()))


def test_heartbeats_come_each_second_while_something_is_open(make, sink, store, clock):
    def heartbeat():
        with store.reading() as connection:
            return connection.execute("SELECT heartbeat_ns FROM processes").fetchone()[0] - start

    start = clock.now
    sink.take_open([make.root()])
    sink.write()
    seen = []
    for _ in range(3):
        clock.pass_s(0.6)
        sink.write()
        seen.append(heartbeat() / 1e9)

    assert [0, 1.2, 1.2] == seen


def test_heartbeats_come_each_five_seconds_while_idle(make, sink, store, clock):
    write(sink, make.ended_root())
    start, seen = clock.now, []
    for _ in range(3):
        clock.pass_s(3)
        sink.write()
        with store.reading() as connection:
            seen.append((connection.execute("SELECT heartbeat_ns FROM processes").fetchone()[0] - start) / 1e9)

    assert [0, 6, 6] == seen


def test_the_last_word_of_a_process_is_goodbye_with_its_counts(make, store, clock):
    sink = StoreSink(store, service_name="shop", version="1.0", counts=lambda: {"dropped": 3})
    write(sink, make.ended_root())
    clock.pass_s(1)
    sink.close()
    with store.reading() as connection:
        row = connection.execute("SELECT ended_ns, counts, foretell FROM processes").fetchone()

    assert (clock.now, '{"dropped":3}', "1.0") == row


def test_a_sink_on_a_store_that_cannot_be_opened_stays_quiet(make, tmp_path, clock):
    """Set-up may go on with a store that is not there yet; it is opened at the first write."""
    sink = StoreSink(Store(tmp_path / "f" / "deep", now_ns=clock), service_name="shop")
    (tmp_path / "f").write_text("in the way")
    write(sink, make.ended_root())
    sink.close()

    assert 1 == len(sink.problems)
