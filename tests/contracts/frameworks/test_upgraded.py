"""A framework that was upgraded past its instrumentation: the program goes on, one line says so, doctor explains."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace

import pytest

from tests.contracts.frameworks.environments import NotProven, find_environment
from tests.contracts.frameworks.playing import play, said_of
from tests.contracts.frameworks.table import CONTRACTS

LACKING = {
    "openai": "'AsyncEmbeddings' has no attribute 'create'",
    "anthropic": "unable to resolve attribute 'create' in path 'AsyncMessages.create'",
}
"""One is instrumented by us, one by somebody else."""

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.parametrize(
        "upgraded", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in LACKING], indirect=True
    ),
]


@pytest.fixture(scope="module")
def upgraded(request, tmp_path_factory):
    name = request.param
    contract = replace(next(one for one in CONTRACTS if one.name == name), program=f"troubles/{name}_upgraded")
    try:
        return name, contract, play(contract, tmp_path_factory.mktemp("upgraded") / name, ("plain",))
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")


def ask_foretell(contract, played, *words):
    """What the command says in the program's directory, and with what it ends."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    done = subprocess.run(
        [str(find_environment(contract.family)), "-m", "foretell.cli", *words],
        cwd=played.directory,
        env=clean | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_program_is_unaffected_and_one_line_says_what_is_missing(upgraded):
    name, _, played = upgraded

    assert 0 == played.returncode, played.stderr
    assert "sunny in Zyxoparis" in said_of(played, "plain") or "Zyxoparis is sunny" in said_of(played, "plain")
    assert [200] == [request["status"] for request in played.asked]
    about = [line for line in played.stderr.splitlines() if "not recorded" in line or "fault" in line]
    assert 1 == len(about), played.stderr
    assert about[0].startswith(f"foretell: {name} is not recorded: ")
    assert LACKING[name] in about[0]
    assert about[0].endswith("See: foretell doctor")
    assert "Traceback" not in played.stderr


def test_doctor_explains(upgraded):
    """It is trouble, and there is something to type."""
    name, contract, played = upgraded
    returncode, said = ask_foretell(contract, played, "doctor", "--json")
    (check,) = [one for one in json.loads(said)["checks"] if LACKING[name] in one["text"]]

    assert (1, "trouble") == (returncode, check["level"])
    assert f"pip install -U 'foretell[{name}]'" in check["advice"]


def test_the_list_of_integrations_says_that_it_failed(upgraded):
    name, contract, played = upgraded
    _, said = ask_foretell(contract, played, "integrations", "--json")
    (about,) = [one for one in json.loads(said)["integrations"] if one["name"] == name]

    assert (False, "failed") == (about["is_on"], about["state"])
    assert LACKING[name] in about["refusals"][0]["reason"]
