"""What may be typed as a filter."""

from __future__ import annotations

import pytest

from foretell.cli.options import make_query, read_moment
from foretell.errors import ForetellError
from foretell.model.kinds import Outcome
from foretell.model.run import RunQuery

NOW_NS = 1_790_000_000 * 10**9


def test_what_is_not_typed_is_no_condition():
    assert RunQuery(limit=20) == make_query(NOW_NS)


def test_outcomes_are_understood_in_peoples_words_and_the_models():
    assert Outcome.ERROR == make_query(NOW_NS, outcome="failed").outcome
    assert Outcome.ERROR == make_query(NOW_NS, outcome="error").outcome
    assert Outcome.ABORTED == make_query(NOW_NS, outcome="Killed").outcome


@pytest.mark.parametrize(
    ("seconds", "text"), [(90, "90s"), (1800, "30m"), (5400, "1.5h"), (259_200, "3d"), (604_800, "1w")]
)
def test_a_time_may_be_so_long_ago(seconds, text):
    assert NOW_NS - seconds * 10**9 == read_moment(text, NOW_NS)


def test_a_time_may_be_a_date_with_a_zone():
    assert 1_763_735_400 * 10**9 == read_moment("2025-11-21T14:30:00Z", NOW_NS)


def test_a_time_outside_of_what_the_store_can_hold_is_its_first_or_last():
    assert 2**63 - 1 == read_moment("2999-01-01", NOW_NS)
    assert 0 == read_moment("0999-01-01T00:00:00Z", NOW_NS)
    assert 0 == read_moment("99999w", NOW_NS)


@pytest.mark.parametrize(
    ("option", "words"),
    [({"outcome": "bad"}, "--outcome 'bad'"), ({"since": "soon"}, "--since 'soon'"), ({"limit": 0}, "--limit 0")],
)
def test_what_makes_no_sense_is_refused_with_what_does(option, words):
    with pytest.raises(ForetellError) as refused:
        make_query(NOW_NS, **option)

    assert words in str(refused.value)
    assert 2 == refused.value.exit_code
