"""Naming a run by its first digits, and refusing what a backend cannot do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from foretell.model.kinds import Outcome
from foretell.model.run import RunQuery
from foretell.readers.protocol import (
    Abilities,
    AmbiguousRun,
    RunNotFound,
    UnsupportedQuery,
    check_query,
    resolve_run,
)


class Listed:
    """A backend that holds runs of these ids, newest first."""

    def __init__(self, *ids):
        self.ids = ids

    def find_runs(self, query):
        matching = [id for id in self.ids if id.startswith(query.id_prefix or "")]
        return iter([SimpleNamespace(id=id, name="n") for id in matching[: query.limit]])


@pytest.mark.parametrize(
    ("prefix", "found"), [(None, "ab12"), ("", "ab12"), ("ab", "ab12"), ("ac", "ac34"), ("acd", "acd")]
)
def test_a_unique_prefix_or_nothing_names_a_run(prefix, found):
    assert found == resolve_run(Listed("ab12", "ac34") if prefix != "acd" else Listed("acd", "acd5"), prefix)


def test_an_ambiguous_prefix_lists_what_it_may_mean():
    with pytest.raises(AmbiguousRun, match=r"begin with 'a': ab12 \(n\), ac34 \(n\)"):
        resolve_run(Listed("ab12", "ac34"), "a")


@pytest.mark.parametrize(("prefix", "said"), [("x", "No run begins with 'x'"), (None, "There is no run yet")])
def test_nothing_found_says_what_to_type(prefix, said):
    with pytest.raises(RunNotFound, match=rf"{said}.*\n.*foretell"):
        resolve_run(Listed(*(["ab"] if prefix else [])), prefix)


@pytest.mark.parametrize(
    "query",
    [
        RunQuery(agent_name="a"),
        RunQuery(session_id="s"),
        RunQuery(outcome=Outcome.OK),
        RunQuery(text="t"),
        RunQuery(since_ns=0),
        RunQuery(until_ns=0),
    ],
)
def test_abilities_are_off_until_claimed(query):
    with pytest.raises(UnsupportedQuery, match="Tempo cannot find runs by"):
        check_query(query, Abilities(), "Tempo")


def test_ids_can_be_asked_of_every_backend():
    assert None is check_query(RunQuery(id_prefix="ab", limit=3), Abilities(), "Tempo")
