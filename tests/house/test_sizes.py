"""The check of sizes notices what it is there for."""

from __future__ import annotations

from pathlib import Path

from tools.sizes import find_oversized


def test_small_things_pass(tmp_path: Path) -> None:
    """45 lines, 12 methods, 400 lines are fine; properties read as values."""
    (tmp_path / "sdk").mkdir()
    methods = "".join(f"    def m{number}(self): ...\n" for number in range(12))
    text = f"class C:\n{methods}    @property\n    def p(self): ...\n"
    text += "def f():\n" + "    x = 1\n" * 44
    (tmp_path / "sdk" / "a.py").write_text(text)

    assert [] == list(find_oversized(tmp_path))


def test_each_kind_of_growth_is_told(tmp_path: Path) -> None:
    """One line each for a long function, a wide class and a long file."""
    (tmp_path / "sdk").mkdir()
    methods = "".join(f"    def m{number}(self): ...\n" for number in range(13))
    (tmp_path / "sdk" / "a.py").write_text(f"class C:\n{methods}def f():\n" + "    x = 1\n" * 45 + "\n" * 400)

    assert [
        "sdk/a.py: 460 lines, at most 400",
        "sdk/a.py:1: C has 13 public methods, at most 12",
        "sdk/a.py:15: f has 46 lines, at most 45",
    ] == list(find_oversized(tmp_path))


def test_a_crowded_room_is_told_but_for_one_with_a_file_for_each_command(tmp_path: Path) -> None:
    """12 files are a room; the thirteenth wants another. The door does not count."""
    for room in ("sdk/store", "sdk/foretell/cli"):
        (tmp_path / room).mkdir(parents=True)
        for name in ("__init__", *(f"m{number}" for number in range(13))):
            (tmp_path / room / f"{name}.py").write_text("")

    assert ["sdk/store: 13 files, at most 12"] == list(find_oversized(tmp_path))
