"""Who waits for a package is told when the program's import of it is over."""

from __future__ import annotations

import importlib
import sys
import zipfile

import pytest

from foretell.errors import FAULTS
from foretell.integrations.imports import ImportWatch, Waiting

FILES = {
    "acme/__init__.py": "from acme.core import core\nready = True\n",
    "acme/core.py": "core = 1\n",
    "acme/late.py": "",
    "acme_partner/__init__.py": "import acme.core\npartner = True\n",
    "acme_broken/__init__.py": "import acme\nraise ImportError('no')\n",
}


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Packages that can be imported, and are forgotten afterwards."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0].startswith("acme")]:
        del sys.modules[name]


@pytest.fixture
def watch():
    made = ImportWatch()
    yield made
    made.stop()


def test_it_is_told_when_all_of_the_package_is_there(packages, watch):
    """Not in the middle of it, when the module itself is there already."""
    told = []
    watch.wait_for(Waiting("acme.core", ("acme",), lambda: told.append(sys.modules["acme"].ready)))
    assert [] == told

    importlib.import_module("acme")

    assert [True] == told


def test_it_is_told_when_the_family_is_whole(packages, watch):
    """A partner package imports it piece by piece."""
    told = []
    watch.wait_for(
        Waiting("acme.core", ("acme", "acme_partner"), lambda: told.append(sys.modules["acme_partner"].partner))
    )

    importlib.import_module("acme_partner")

    assert [True] == told


def test_it_is_told_at_once_of_what_is_there_already(packages, watch):
    """`foretell.init()` may come after the imports."""
    importlib.import_module("acme")
    told = []
    watch.wait_for(Waiting("acme", ("acme",), lambda: told.append("there")))

    assert ["there"] == told
    assert watch not in sys.meta_path


def test_it_is_told_once(packages, watch):
    """Further modules of the package are nothing new."""
    told = []
    watch.wait_for(Waiting("acme", ("acme",), lambda: told.append("there")))
    importlib.import_module("acme")
    importlib.import_module("acme.late")

    assert ["there"] == told


def test_an_import_that_fails_fails_as_ever(packages, watch):
    """And what was imported on the way is told of."""
    told = []
    watch.wait_for(Waiting("acme", ("acme", "acme_broken"), lambda: told.append("there")))

    with pytest.raises(ImportError, match="no"):
        importlib.import_module("acme_broken")
    assert ["there"] == told


def test_who_fails_when_told_does_not_fail_the_import(packages, watch):
    """It is ours, counted, and said."""
    before = FAULTS.counts().get("integrations.import", 0)
    watch.wait_for(Waiting("acme", ("acme",), lambda: 1 / 0))

    assert importlib.import_module("acme").ready
    assert before + 1 == FAULTS.counts()["integrations.import"]


def test_modules_are_as_they_would_be_without_us(packages, watch):
    """Loader, spec and file are the import system's own."""
    plain = importlib.import_module("acme")
    expected = (type(plain.__loader__), plain.__spec__.loader is plain.__loader__, plain.__file__)
    for name in ("acme", "acme.core"):
        del sys.modules[name]
    watch.wait_for(Waiting("acme", ("acme",), lambda: None))
    watched = importlib.import_module("acme")

    assert expected == (type(watched.__loader__), watched.__spec__.loader is watched.__loader__, watched.__file__)
    assert "exec_module" not in vars(watched.__loader__)


def test_packages_in_an_archive_are_noticed(packages, watch, monkeypatch):
    """One loader serves all modules of an archive."""
    archive = packages / "acme_zipped.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("acme_zipped/__init__.py", "import acme_zipped.part\n")
        file.writestr("acme_zipped/part.py", "")
    monkeypatch.syspath_prepend(str(archive))
    told = []
    watch.wait_for(Waiting("acme_zipped", ("acme_zipped",), lambda: told.append("there")))
    importlib.import_module("acme_zipped")

    assert ["there"] == told


def test_after_the_end_the_finders_are_those_that_were_there(packages):
    """Nothing of ours stays in the import system."""
    before = list(sys.meta_path)
    watch, told = ImportWatch(), []
    watch.wait_for(Waiting("acme", ("acme",), lambda: told.append("there")))
    assert before != sys.meta_path
    watch.stop()
    importlib.import_module("acme")

    assert (before, []) == (sys.meta_path, told)


def test_it_is_told_when_one_of_several_modules_is_there(packages, watch):
    """A client that loads its parts when they are first used is patched then."""
    told = []
    watch.wait_for(Waiting(("acme.later", "acme.late"), ("acme",), lambda: told.append("used")))
    importlib.import_module("acme")
    assert [] == told

    importlib.import_module("acme.late")

    assert ["used"] == told
