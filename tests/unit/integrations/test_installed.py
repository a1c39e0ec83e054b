"""What is installed is known by the folders beside the modules."""

from __future__ import annotations

import os
from importlib.metadata import distributions

import pytest

from foretell.integrations.installed import find_version


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of `sys.path`."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "asked", "version"),
    [
        ("some_client-2.1.0.dist-info", "some-client", "2.1.0"),
        ("Some.Client-2.1.0rc1.dist-info", "some_client", "2.1.0rc1"),
        ("older-0.3-py3.11.egg-info", "older", "0.3"),
        ("some_client_more-1.0.dist-info", "some-client", None),
    ],
)
def test_a_distribution_is_found_however_its_name_is_written(site, folder, asked, version):
    (site / folder).mkdir()

    assert version == find_version(asked)


def test_what_a_folder_s_name_does_not_say_is_read_in_it(site):
    (site / "developed.egg-info").mkdir()
    (site / "developed.egg-info" / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: developed\nVersion: 4.5\n")

    assert "4.5" == find_version("developed")


def test_what_is_installed_meanwhile_is_found(site):
    before = find_version("late-comer")
    (site / "late_comer-1.0.dist-info").mkdir()
    os.utime(site, ns=(1, 1))  # the clock of some file systems is too coarse to tell

    assert (None, "1.0") == (before, find_version("late-comer"))


def test_everything_that_is_installed_here_has_the_version_that_it_says():
    told = {one.metadata["Name"]: one.version for one in distributions()}

    assert told == {name: find_version(name) for name in told}
