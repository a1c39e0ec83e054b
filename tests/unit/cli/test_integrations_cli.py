"""What `foretell integrations` and `foretell doctor` say of frameworks."""

from __future__ import annotations

import pytest

from foretell.cli.checks import NOTE, OK, TROUBLE, check_integrations
from foretell.cli.integrations import FAILED, MISSING, OFF, ON, UNSERVED, describe_state, shape_integrations
from foretell.integrations.choosing import choose, name_failure, note_failures
from foretell.integrations.integration import Integration, openinference, otel

ACME = Integration(
    name="acme",
    title="Acme",
    distribution="acme",
    module="acme",
    candidates=(otel("otel-acme", "otel.acme:I", ">=1,<2"), openinference("acme", "I")),
)
OTHER = "openinference-instrumentation-acme"


@pytest.mark.parametrize(
    ("installed", "is_selected", "expected"),
    [
        ({}, True, MISSING),
        ({"acme": "1.0"}, True, UNSERVED),
        ({"acme": "1.0", "otel-acme": "1"}, True, ON),
        ({"acme": "1.0", "otel-acme": "1"}, False, OFF),
        ({"acme": "2.0", "otel-acme": "1"}, True, UNSERVED),
    ],
)
def test_a_framework_stands_in_one_of_four_ways(installed, is_selected, expected):
    assert expected == describe_state(choose(ACME, installed.get), is_selected)


def test_the_json_says_what_to_type_and_what_was_refused():
    choice = choose(ACME, {"acme": "2.0", "otel-acme": "1"}.get)
    (shape,) = shape_integrations([(choice, UNSERVED)])["integrations"]

    assert ("acme", "2.0", False, None, "pip install 'foretell[acme]'") == tuple(
        shape[key] for key in ("name", "version", "is_on", "instrumentor", "install")
    )
    assert ["otel-acme"] == [refusal["subject"] for refusal in shape["refusals"]]


@pytest.mark.parametrize(
    ("installed", "state", "expected"),
    [
        ({"acme": "1.0", "otel-acme": "1"}, ON, [(OK, "as soon as a program imports them: Acme")]),
        ({"acme": "1.0", "otel-acme": "1"}, OFF, [(NOTE, "Switched off: Acme")]),
        ({"acme": "1.0"}, UNSERVED, [(NOTE, "nothing that instruments it is")]),
        ({"acme": "2.0", "otel-acme": "1"}, UNSERVED, [(TROUBLE, "this was made for >=1,<2")]),
        ({"acme": "1.0", "otel-acme": "1", OTHER: "1"}, ON, [(OK, "Acme"), (NOTE, "recorded twice")]),
    ],
)
def test_doctor_says_why_a_framework_is_not_recorded(installed, state, expected):
    checks = list(check_integrations([(choose(ACME, installed.get), state)]))

    assert [level for level, _ in expected] == [check.level for check in checks]
    for (_, words), check in zip(expected, checks, strict=True):
        assert words in check.text


INSTALLED = {"acme": "1.0", "otel-acme": "1"}


def test_what_failed_in_a_program_is_explained_with_what_to_type():
    """Upgraded past its instrumentor: doctor calls it trouble, and the list says that it failed."""
    choice = choose(ACME, INSTALLED.get)
    kind = name_failure(choice, "AttributeError: Acme has no attribute 'ask'", INSTALLED.get)
    turned_out = note_failures(choice, [f"trouble.{kind}"], INSTALLED.get)
    (check,) = check_integrations([(turned_out, FAILED)])

    assert (TROUBLE, "pip install -U 'foretell[acme]', or an older acme") == (check.level, check.advice)
    assert "otel-acme: It does not know Acme 1.0" in check.text
    assert "Acme has no attribute 'ask'" in check.text
    (shape,) = shape_integrations([(turned_out, FAILED)])["integrations"]
    assert (False, "failed", None) == (shape["is_on"], shape["state"], shape["instrumentor"])


@pytest.mark.parametrize("name", ["acme", "otel-acme"])
def test_another_version_of_either_may_well_do(name):
    """What failed before says nothing of it."""
    kind = name_failure(choose(ACME, INSTALLED.get), "AttributeError", INSTALLED.get)
    upgraded = {**INSTALLED, name: "1.1"}
    choice = choose(ACME, upgraded.get)

    assert choice is note_failures(choice, [f"trouble.{kind}"], upgraded.get)
