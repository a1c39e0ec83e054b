"""Questions stand once, each by its name, and say what they select."""

from __future__ import annotations

import importlib
from collections import Counter

import pytest

from dashboards.queries.query import Query, logs, now, over, quantile, select, total, traces
from tests.house.dashboard_source import list_questions

ROOMS = ("errors", "money", "runs", "signals", "stack", "triggers")


def list_named() -> list[Query]:
    modules = [importlib.import_module(f"dashboards.queries.{room}") for room in ROOMS]
    named = [value for module in modules for value in vars(module).values() if isinstance(value, Query)]
    watched = importlib.import_module("dashboards.queries.triggers").WATCHED.values()
    return named + [query for each in watched for query in (*each.values, each.limit)]


def test_a_question_stands_once() -> None:
    """What is asked twice would be mended once."""
    assert [] == [text for text, times in Counter(query.text for query in list_named()).items() if times > 1]


def test_dashboards_ask_only_what_has_a_name_and_nothing_is_asked_by_nobody() -> None:
    asked = {question.text for question in list_questions() if ": variable " not in question.where}

    assert asked == {query.text for query in list_named()}


def test_a_word_in_capitals_stands_for_what_is_selected() -> None:
    assert 'up{job=~"$job"}' == select("up{JOB}")


def test_a_word_that_selects_nothing_stays() -> None:
    assert "ALERTS" == select("ALERTS")


def test_a_question_over_time_is_no_question_of_one_moment() -> None:
    assert not over("up").is_instant
    assert now("up").is_instant


def test_only_histograms_have_single_calls_to_show() -> None:
    assert over(quantile("0.5", "seconds_bucket")).has_exemplars
    assert not over("seconds_sum").has_exemplars


def test_a_quantile_keeps_the_buckets_apart() -> None:
    assert "histogram_quantile(0.5, sum by (model, le) (rate(x[$__rate_interval])))" == quantile("0.5", "x", "model")


def test_a_total_counts_what_was_born_within_the_time_from_0() -> None:
    assert "min_over_time(x[$__range]) unless max_over_time(x[1h] offset $__range)" in total("x")


@pytest.mark.parametrize(("ask", "language"), [(over, "promql"), (logs, "logql"), (traces, "traceql")])
def test_a_question_knows_its_language(ask: object, language: str) -> None:
    assert language == ask("x").language
