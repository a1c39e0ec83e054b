"""Which instrumentor serves a framework."""

from __future__ import annotations

import pytest

from foretell.errors import SettingError
from foretell.integrations.choosing import choose
from foretell.integrations.installed import is_supported
from foretell.integrations.integration import Integration, Origin, native, openinference, openllmetry, otel
from foretell.integrations.registry import FILES, find_integration, list_integrations, select_integrations

ACME = Integration(
    name="acme",
    title="Acme",
    distribution="acme-llm",
    module="acme.client",
    candidates=(
        otel("otel-acme", "otel.acme:Instrumentor", ">=1.2,<3"),
        openllmetry("acme", "AcmeInstrumentor"),
        openinference("acme", "AcmeInstrumentor"),
    ),
)
OTEL, TRACELOOP, OPENINFERENCE = (one.distribution for one in ACME.candidates)


def installed(**versions):
    """What is installed: distribution (with `_` for `-`) → version."""
    return {name.replace("_", "-"): version for name, version in versions.items()}.get


def test_of_several_instrumentors_the_best_is_chosen():
    """And the others are refused, since each call would be recorded twice."""
    choice = choose(ACME, {"acme-llm": "1.5", OTEL: "1.0", TRACELOOP: "0.60"}.get)

    assert OTEL == choice.instrumentor
    assert [TRACELOOP] == [refusal.subject for refusal in choice.refusals]
    assert "recorded twice" in choice.refusals[0].reason
    assert not choice.refusals[0].is_trouble


def test_a_version_outside_the_range_leaves_the_work_to_the_next():
    """A framework that was upgraded past one instrumentor may still be known to another."""
    choice = choose(ACME, {"acme-llm": "3.1", OTEL: "1.0", OPENINFERENCE: "0.1"}.get)

    assert OPENINFERENCE == choice.instrumentor
    assert [(OTEL, "Acme 3.1 is installed; this was made for >=1.2,<3.", "pip install 'acme-llm>=1.2,<3'")] == [
        (refusal.subject, refusal.reason, refusal.advice) for refusal in choice.refusals
    ]


def test_a_framework_without_an_instrumentor_names_the_extra():
    """What to type is in the advice."""
    choice = choose(ACME, installed(acme_llm="1.5"))

    assert (None, "1.5") == (choice.candidate, choice.version)
    assert ["pip install 'foretell[acme]'"] == [refusal.advice for refusal in choice.refusals]


def test_a_framework_that_is_not_installed_is_no_trouble():
    """Most are not."""
    choice = choose(ACME, installed())

    assert (None, None, ()) == (choice.version, choice.candidate, choice.refusals)


def test_what_a_framework_tells_of_itself_needs_no_distribution():
    """Native comes with the framework."""
    tells = Integration(
        name="acme",
        title="Acme",
        distribution="acme-llm",
        module="acme",
        candidates=(native("acme.telemetry:switch_on", ">=2"),),
    )

    assert "Acme (native)" == choose(tells, installed(acme_llm="2.0")).instrumentor
    assert "" == choose(tells, installed(acme_llm="1.0")).instrumentor


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_about_the_framework_of_its_name(name):
    """And prefers native, then ours, then OpenTelemetry's; of the two collections after those, the better one.

    What a library tells unasked may be too little, and then comes last.
    """
    integration = find_integration(name)
    ranks = [
        min(list(Origin).index(candidate.origin), list(Origin).index(Origin.OPENLLMETRY))
        for candidate in integration.candidates
        if not candidate.is_unasked
    ]

    assert name == integration.name
    assert sorted(ranks) == ranks


def test_auto_stands_for_all_and_off_takes_some_out():
    """Names in `integrations_off` may be entry points of other things; those are nobody's here."""
    names = [one.name for one in select_integrations(("auto",), ("openai", "logging"))]

    assert [one.name for one in list_integrations() if one.name != "openai"] == names
    assert [] == select_integrations(("auto",), ("*",))
    assert ["langchain"] == [one.name for one in select_integrations(("langchain",))]


def test_an_unknown_name_is_refused_with_the_nearest():
    """A typing mistake would else record nothing, without a word."""
    with pytest.raises(SettingError, match="Did you mean 'openai'"):
        select_integrations(("opnai",))


@pytest.mark.parametrize(
    ("version", "supports", "expected"),
    [
        ("1.26.0", ">=1.26,<4", True),
        ("1.25.9", ">=1.26,<4", False),
        ("4.0.0rc1", ">=1.26,<4", False),
        ("4", "<4.0.1", True),
        ("2.24", "!=2.24.0", False),
        ("2.24.1", "!=2.24.0", True),
        ("1.10", ">1.9,<=1.10.0", True),
        ("0.1.2.dev3+local", ">=0.1.2", True),
        ("unknown", ">=1", True),
        ("1.0", "", True),
    ],
)
def test_a_range_is_read_as_pip_reads_it(version, supports, expected):
    """As far as ranges in the table go; a version that nobody can read is given a chance."""
    assert expected == is_supported(version, supports)
