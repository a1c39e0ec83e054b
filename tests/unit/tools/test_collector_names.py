"""The collector's statements are made of the SDK's own table of foreign names."""

from __future__ import annotations

import pytest
import yaml

from foretell.semconv.inward.dialects import KINDS, ROWS, Row
from tools.collector_names import list_statements, render_names

IN_JSON = {"request_messages", "response_messages", "request_parameters", "usage_details", "cost_details"}
"""Conversions that a collector's statement cannot do."""


@pytest.mark.parametrize("row", [row for row in ROWS if row.conversion not in IN_JSON], ids=lambda row: row.old)
def test_every_name_that_can_be_given_is_given(row: Row) -> None:
    """Today's name is set from it, on its operations alone, and never over one that is there."""
    new = f'span.attributes["{row.new}"]'
    old = f'span.attributes["{row.old}"]'
    about = [text for text in list_statements() if text.startswith("set(") and old in text]
    if row in KINDS:
        assert any(text.startswith('set(span.cache["kind"]') for text in about)
    elif row.conversion == "provider":
        assert any("span.cache" in text and f"{new} == nil" in text for text in about)
    else:
        assert any(
            text.startswith(f"set({new}, ") and f"{new} == nil" in text and all(word in text for word in row.operations)
            for text in about
        )


@pytest.mark.parametrize("row", [row for row in ROWS if row.conversion in IN_JSON], ids=lambda row: row.old)
def test_what_is_json_stays_as_it_came(row: Row) -> None:
    """Unless another row takes it, on other operations."""
    deleted = [text for text in list_statements() if text.startswith(f'delete_key(span.attributes, "{row.old}")')]
    others = {
        op for other in ROWS if other.old == row.old and other.conversion not in IN_JSON for op in other.operations
    }
    assert all(any(op in text for op in others) for text in deleted)


def test_a_foreign_name_goes_only_after_it_was_read() -> None:
    statements = list_statements()
    for number, text in enumerate(statements):
        if text.startswith("delete_key("):
            name = text.split('"')[1]
            assert any(f'span.attributes["{name}"]' in before for before in statements[:number] if "set(" in before)


def test_our_own_spans_are_not_looked_at() -> None:
    (group,) = yaml.safe_load(render_names())["processors"]["transform/names"]["trace_statements"]
    (condition,) = group["conditions"]
    assert condition.startswith('instrumentation_scope.name != "foretell" and (')


def test_the_collector_takes_no_dollar_for_a_variable() -> None:
    """`$$` is a dollar to it."""
    assert "$" not in render_names().replace("$$", "")
