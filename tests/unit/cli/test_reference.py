"""The reference pages say everything that the command line can do."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from builders import make_call, make_model_call, make_root, make_run

from foretell.cli.main import COMMANDS, foretell
from foretell.cli.shapes import shape_call, shape_run, shape_summary
from foretell.model.facts import Score
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind
from foretell.model.log import LogRecord

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
CONTEXT = click.Context(foretell)
EVERYWHERE = {"--json", "--store", "--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_its_options_are_in_the_reference(name):
    page = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    part = next(part for part in page.split("\n## ") if name in part.splitlines()[0].split())
    known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", part))

    options = {
        option
        for parameter in foretell.get_command(CONTEXT, name).params
        for option in parameter.opts
        if option.startswith("-")
    }

    assert set() == options - known - EVERYWHERE


def test_every_command_says_in_a_short_sentence_what_it_does():
    for name in COMMANDS:
        command = foretell.get_command(CONTEXT, name)
        assert command.get_short_help_str(60).endswith("."), name
        assert "..." not in command.get_short_help_str(60), name


def test_every_field_of_a_run_is_in_the_reference():
    page = (REFERENCE / "json.md").read_text(encoding="utf-8")
    finding = Finding("t", "k", Severity.INFO, Verdict.QUIET, 1, None, "e", "a", 0.5)
    run = make_run(
        make_root(), findings=(finding,), scores=(Score("s", 1.0),), logs=(LogRecord(1, 13, "WARNING", "hm"),)
    )
    shape = shape_run(run)
    call = shape_call(make_model_call("m", 0, 1, id=2, cost_usd=None), has_content=True)
    agent = shape_call(make_root())
    fields = {*shape, *shape_summary(run.summary), *call, *call["inference"], *call["tokens"], *agent["totals"]}
    fields |= {
        *shape["findings"][0],
        *shape["scores"][0],
        *shape["logs"][0],
        *shape_call(make_call(Kind.TOOL, "t", 0, 1, id=3)),
    }

    assert set() == {field for field in fields if f"`{field}`" not in page} - {"schema"}


def test_every_shape_is_in_the_reference():
    page = (REFERENCE / "json.md").read_text(encoding="utf-8")
    source = "".join(
        path.read_text(encoding="utf-8") for path in Path(str(REFERENCE.parents[1] / "sdk/foretell/cli")).glob("*.py")
    )

    assert set() == set(re.findall(r'"(foretell\.[a-z]+/\d+)"', source)) - set(
        re.findall(r"foretell\.[a-z]+/\d+", page)
    )
