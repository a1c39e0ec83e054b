from __future__ import annotations

import itertools

import pytest

from foretell.model.call import Call
from foretell.model.facts import ErrorFacts
from foretell.model.kinds import Kind, Outcome
from foretell.readers.store import StoreReader
from foretell.store.store import Store
from foretell.store.writing.writer import StoreSink

START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = START_NS

    def __call__(self):
        return self.now

    def pass_s(self, seconds):
        self.now += int(seconds * SECOND_NS)


class Maker:
    """Makes calls whose ids count up."""

    def __init__(self):
        self._ids = itertools.count(1)

    def root(self, name="planner", **facts):
        id = next(self._ids)
        call = Call(Kind.AGENT, name, id=id, trace_id=(7 << 64) | id, run_id=f"{id:016x}", start_ns=START_NS + id)
        call.agent_name = name
        return self._with(call, facts)

    def below(self, root, kind=Kind.TOOL, name="search", **facts):
        id = next(self._ids)
        call = Call(kind, name, id=id, trace_id=root.trace_id, run_id=root.run_id, start_ns=START_NS + id)
        call.parent_id = root.span_id
        call.agent_name = root.agent_name
        return self._with(call, facts)

    def end(self, call, outcome=Outcome.OK, error=None):
        call.end_ns = call.start_ns + 1_000
        call.outcome = outcome
        if error is not None:
            call.error = ErrorFacts("ValueError", error)
        return call

    def ended_root(self, name="planner", **facts):
        return self.end(self.root(name, **facts))

    def _with(self, call, facts):
        for key, value in facts.items():
            setattr(call, key, value)
        return call


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make():
    return Maker()


@pytest.fixture
def directory(tmp_path):
    return tmp_path / ".foretell"


@pytest.fixture
def open_store(directory, clock):
    opened = []

    def open_one(where=None, **options):
        store = Store.open(where or directory, now_ns=clock, **options)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store):
    return open_store()


@pytest.fixture
def sink(store):
    return StoreSink(store, service_name="shop")


@pytest.fixture
def reader(store):
    return StoreReader(store)
