"""What `foretell integrations` and `foretell doctor` say of frameworks."""

from __future__ import annotations

import pytest

from foretell.cli.checks import NOTE, OK, TROUBLE, check_integrations
from foretell.cli.integrations import MISSING, OFF, ON, UNSERVED, describe_state, shape_integrations
from foretell.integrations.choosing import choose
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
