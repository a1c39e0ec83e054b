"""Where the stack is run from, and what an upgrade does to the files there."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell.stack.files import Place, find_data_home, find_place, settle


@pytest.fixture
def wheel(tmp_path):
    """A package with the stack in it, and the place where that is run from."""
    room = tmp_path / "site" / "foretell"
    write(room / "_stack" / "docker-compose.yml", "services: {}\n")
    write(room / "_stack" / "deploy" / "loki" / "loki.yaml", "first\n")
    return find_place({"XDG_DATA_HOME": str(tmp_path / "data")}, room, "linux")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_checkout_is_used_as_it_is(tmp_path):
    place = find_place({}, tmp_path / "sdk" / "foretell")

    assert Place(tmp_path, None) == place
    assert [] == settle(place)


def test_a_wheel_s_files_go_to_a_folder_of_yours(wheel, tmp_path):
    assert [] == settle(wheel)
    assert tmp_path / "data" / "foretell" / "stack" == wheel.directory
    assert ("services: {}\n", "first\n") == (
        wheel.compose_file.read_text(),
        (wheel.directory / "deploy/loki/loki.yaml").read_text(),
    )


def test_others_can_read_them_whatever_the_umask(wheel):
    """The servers run as users of their own."""
    settle(wheel)

    assert 0o644 == (wheel.directory / "deploy/loki/loki.yaml").stat().st_mode & 0o777
    assert {0o755} == {(wheel.directory / name).stat().st_mode & 0o777 for name in ("deploy", "deploy/loki")}


def test_an_upgrade_brings_its_files_and_takes_away_what_is_gone(wheel):
    write(wheel.source / "deploy" / "old.yml", "old\n")
    settle(wheel)
    write(wheel.source / "deploy" / "loki" / "loki.yaml", "second\n")
    (wheel.source / "deploy" / "old.yml").unlink()

    assert [] == settle(wheel)
    assert "second\n" == (wheel.directory / "deploy/loki/loki.yaml").read_text()
    assert not (wheel.directory / "deploy" / "old.yml").exists()


def test_an_upgrade_keeps_what_you_have_changed_and_says_so(wheel):
    settle(wheel)
    write(wheel.directory / "deploy/loki/loki.yaml", "mine\n")
    write(wheel.directory / ".env", "GRAFANA_PASSWORD=x\n")
    write(wheel.source / "deploy" / "loki" / "loki.yaml", "second\n")

    assert [["deploy/loki/loki.yaml"]] * 2 == [settle(wheel), settle(wheel)]
    assert ("mine\n", "GRAFANA_PASSWORD=x\n") == (
        (wheel.directory / "deploy/loki/loki.yaml").read_text(),
        wheel.env_file.read_text(),
    )


def test_a_file_that_is_gone_comes_back(wheel):
    settle(wheel)
    (wheel.directory / "deploy/loki/loki.yaml").unlink()

    assert [] == settle(wheel)
    assert (wheel.directory / "deploy/loki/loki.yaml").exists()


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"HOME": "/home/ada"}, "/home/ada/.local/share"),
        ("linux", {"HOME": "/home/ada", "XDG_DATA_HOME": "/data"}, "/data"),
        ("linux", {"HOME": "/home/ada", "XDG_DATA_HOME": "not/absolute"}, "/home/ada/.local/share"),
        ("darwin", {"HOME": "/Users/ada"}, "/Users/ada/Library/Application Support"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
    ],
)
def test_data_are_where_the_system_has_them(platform, environ, expected):
    assert Path(expected) == find_data_home(environ, platform)
