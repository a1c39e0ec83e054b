"""Grafana's password is made once and stays."""

from __future__ import annotations

import pytest

from foretell.stack.password import has_password, make_password


def test_it_is_made_long_and_readable_by_its_owner_alone(tmp_path):
    file = tmp_path / "stack" / ".env"
    make_password(file)
    name, _, value = file.read_text().strip().partition("=")

    assert ("GRAFANA_PASSWORD", 0o600) == (name, file.stat().st_mode & 0o777)
    assert 20 <= len(value)
    assert has_password(file, {})


def test_two_are_never_the_same(tmp_path):
    make_password(tmp_path / "one")
    make_password(tmp_path / "two")

    assert (tmp_path / "one").read_text() != (tmp_path / "two").read_text()


def test_what_else_the_file_says_stays(tmp_path):
    file = tmp_path / ".env"
    file.write_text("FORETELL_ALERT_SLACK_URL=https://example\nGRAFANA_PASSWORD=\nLAST=1")
    file.chmod(0o644)
    make_password(file)
    lines = file.read_text().splitlines()

    assert ["FORETELL_ALERT_SLACK_URL=https://example", "LAST=1"] == lines[:2]
    assert 3 == len(lines)
    assert 0o600 == file.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("GRAFANA_PASSWORD=abc\n", {}, True),
        ("export GRAFANA_PASSWORD='abc'\n", {}, True),
        ("", {"GRAFANA_PASSWORD": "abc"}, True),
        ("GRAFANA_PASSWORD=\n", {}, False),
        ("GRAFANA_PASSWORD=''\n", {}, False),
        ("# GRAFANA_PASSWORD=abc\n", {}, False),
        ("OTHER=1\n", {"GRAFANA_PASSWORD": ""}, False),
    ],
)
def test_one_that_is_there_is_seen(tmp_path, text, environ, expected):
    file = tmp_path / ".env"
    file.write_text(text)

    assert expected == has_password(file, environ)
