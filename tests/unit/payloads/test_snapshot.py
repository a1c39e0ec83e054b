"""A snapshot tells what a value was, and runs none of its code."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import io
import json
import pathlib
import threading
import uuid
from typing import Any, NamedTuple

import attrs
import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.model.payload import is_cut, size_of, value_of
from foretell.payloads.taking.snapshot import list_parameters, take_arguments, take_snapshot
from foretell.privacy.text import write_json

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Colour(enum.Enum):
    RED = "red"


class Size(int, enum.Enum):
    SMALL = 1


@dataclasses.dataclass
class Point:
    x: int
    tags: list[str]


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int


@attrs.define
class Attrs:
    x: int


class Named(NamedTuple):
    x: int
    y: str


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    x: int
    inner: Point | None = None


class Tensor:
    """Looks like PyTorch's to whoever asks for the name."""

    shape = (2, 3)
    dtype = "torch.float32"

    def __len__(self) -> int:
        raise AssertionError("asked for its length")


Tensor.__module__ = "torch"


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise AssertionError("run")


class TestKnownTypes:
    """What each known type becomes."""

    @pytest.mark.parametrize(
        ("value", "kept"),
        [
            ("text", "text"), (3, 3), (None, None), (True, True), (1.5, 1.5), (Text("text"), "text"), (1j, "1j"),
            ((1, [2]), [1, [2]]), ({"b", "a"}, ["a", "b"]), (frozenset({2, 1}), [1, 2]), (b"ab", b"ab"),
            (bytearray(b"ab"), b"ab"), (memoryview(b"ab"), b"ab"), (collections.deque([1, {"a": 2}]), [1, {"a": 2}]),
            (collections.OrderedDict(a=1), {"a": 1}), (collections.defaultdict(list, a=[1]), {"a": [1]}),
            ({"a": 1}.keys(), ["a"]), ({1: "a", None: "b"}, {"1": "a", "null": "b"}), ({(1, 2): 3}, {"[1, 2]": 3}),
            (Colour.RED, "red"), (Size.SMALL, 1), ({Colour.RED: 1}, {"red": 1}),
            (dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc), "2025-01-02T03:04:05+00:00"),
            (dt.date(2025, 1, 2), "2025-01-02"), (dt.time(3, 4), "03:04:00"), (dt.timedelta(minutes=1), 60.0),
            (decimal.Decimal("1.10"), "1.10"), (pathlib.PurePosixPath("/a/b"), "/a/b"),
            (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
            (Point(1, ["a"]), {"x": 1, "tags": ["a"]}), (Slotted(1), {"x": 1}), (Attrs(1), {"x": 1}), (Named(1, "a"), {"x": 1, "y": "a"}),
            (Model(x=1, inner=Point(2, []), more="z"), {"x": 1, "inner": {"x": 2, "tags": []}, "more": "z"}),
            (np.float32(0.5), 0.5), (np.int64(7), 7),
            (np.zeros((2, 3)), {"type": "numpy.ndarray", "shape": [2, 3], "dtype": "float64"}),
            (ValueError("no"), {"type": "ValueError", "message": "no"}), (KeyError("a", 1), {"type": "KeyError", "message": ["a", 1]}),
            (Tensor(), {"type": "torch.Tensor", "shape": [2, 3], "dtype": "torch.float32"}),
            (Point, {"type": "type", "name": f"{__name__}.Point"}), (len, {"type": "builtin_function_or_method"}),
        ],
        ids=lambda value: type(value).__name__,
    )  # fmt: skip
    def test_it_is_told_by_built_ins(self, value: Any, kept: Any) -> None:
        """Alone, and inside a mapping."""
        assert kept == value_of(take_snapshot(value))
        assert {"a": [kept]} == value_of(take_snapshot({"a": [value]}))

    def test_tables_are_told_by_their_shape(self) -> None:
        """Never by what is in them."""
        table = pd.DataFrame({"a": [1, 2, 3]})

        assert [3, 1] == value_of(take_snapshot(table))["shape"]
        assert "int64" == value_of(take_snapshot(table["a"]))["dtype"]

    @pytest.mark.parametrize(
        "make",
        [lambda: (n for n in range(3)), io.StringIO, threading.Lock, threading.Thread, object, lambda: iter([1])],
    )
    def test_what_is_unknown_is_told_by_its_type(self, make: Any) -> None:
        """Generators, files, locks, clients."""
        value = make()
        kept = value_of(take_snapshot({"a": value}))["a"]

        assert ["type"] == list(kept)
        assert kept["type"].endswith(type(value).__qualname__)

    def test_a_generator_is_not_consumed(self) -> None:
        """It still gives everything afterwards."""
        numbers = iter([1, 2, 3])
        take_snapshot([numbers, {"a": numbers}])

        assert [1, 2, 3] == list(numbers)


class TestNoUserCode:
    """Whatever a class overrides is left alone."""

    @pytest.mark.parametrize("base", [object, dict, list, tuple, set, str, int, float, bytes, Exception])
    def test_no_method_of_the_value_runs(self, base: type) -> None:
        """Not one dunder, as a value, in a container or as a key."""
        calls: list[str] = []
        names = ["__repr__", "__str__", "__len__", "__iter__", "__getattr__", "__getattribute__", "__hash__", "__eq__"]
        names += [
            "__bool__",
            "__int__",
            "__index__",
            "__float__",
            "__getitem__",
            "__contains__",
            "__copy__",
            "__deepcopy__",
        ]
        names += [
            "__reduce__",
            "__reduce_ex__",
            "__dir__",
            "__sizeof__",
            "__format__",
            "__bytes__",
            "__lt__",
            "__keys__",
        ]
        names += ["items", "keys", "values", "copy", "model_dump", "shape", "dtype", "isoformat"]

        def record(name: str) -> Any:
            def method(*args: Any, **kwargs: Any) -> Any:
                calls.append(name)
                raise RuntimeError(name)

            return method

        body: dict[str, Any] = {name: record(name) for name in names}
        body["__class__"] = property(record("__class__"))
        body["__dict__"] = property(record("__dict__"))
        meta = type(
            "Meta",
            (type,),
            {n: record("meta " + n) for n in ("__hash__", "__eq__", "__instancecheck__", "__getattribute__")},
        )
        value = type.__call__(type.__new__(meta, "Stranger", (base,), body))

        take_snapshot(value)
        take_snapshot({"a": [value, (value,)]})
        take_arguments(("x",), (value,), {"y": value})

        assert [] == calls

    def test_a_class_that_lies_is_told_by_its_true_type(self) -> None:
        """`__class__` is what it says, not what it is."""

        class Liar:
            __class__ = dict  # type: ignore[assignment]  # the lie

        assert f"{Liar.__qualname__}" in value_of(take_snapshot(Liar()))["type"]

    @pytest.mark.parametrize("package", ["pydantic", "numpy", "datetime", "uuid", "pathlib", "enum", "torch", "pandas"])
    @pytest.mark.parametrize(
        "name", ["BaseModel", "ndarray", "generic", "datetime", "UUID", "PurePath", "Enum", "Tensor"]
    )
    def test_a_class_with_a_stolen_name_harms_nobody(self, package: str, name: str) -> None:
        """It is told somehow, and nothing is raised."""
        stranger = type(name, (), {"__module__": package, "__qualname__": name})()

        take_snapshot([stranger])


class TestMutation:
    """What happens to the value later does not reach the snapshot."""

    @given(PLAIN)
    def test_a_copy_is_equal_and_apart(self, value: Any) -> None:
        """For any JSON-like value; a number that JSON cannot say is null."""
        kept = value_of(take_snapshot(value))

        assert json.loads(write_json(value)) == json.loads(write_json(kept))
        if isinstance(value, (list, dict)):
            assert kept is not value

    def test_later_changes_are_not_seen(self) -> None:
        """At any depth, in models and in buffers too."""
        value = {"a": [1, {"b": [2]}], "p": Point(1, ["t"]), "m": Model(x=1), "buf": bytearray(b"ab")}
        kept = value_of(take_snapshot(value))
        value["a"][1]["b"].append(3)  # type: ignore[index]
        value["p"].tags.append("u")  # type: ignore[attr-defined]
        value["m"].x = 2  # type: ignore[attr-defined]
        value["buf"][0] = 0  # type: ignore[index]

        assert {"a": [1, {"b": [2]}], "p": {"x": 1, "tags": ["t"]}, "m": {"x": 1, "inner": None}, "buf": b"ab"} == kept


class TestLimits:
    """A huge value costs no more than the limit."""

    def test_a_long_text_is_cut(self) -> None:
        """And says so."""
        captured = take_snapshot("x" * 1000, limit_bytes=10)

        assert ("x" * 10, True) == (value_of(captured), is_cut(captured))

    def test_all_text_together_is_cut(self) -> None:
        """Many texts share one limit."""
        captured = take_snapshot(["x" * 10] * 10, limit_bytes=35)

        assert 35 == len("".join(value_of(captured)))
        assert is_cut(captured)

    @pytest.mark.parametrize(
        "value",
        [
            [0] * 300_000,
            dict.fromkeys(range(300_000)),
            {1} | set(range(300_000)),
            collections.deque(range(300_000)),
            [[0] * 1000] * 1000,
        ],
    )
    def test_many_items_are_cut(self, value: Any) -> None:
        """To some fifty thousand."""
        captured = take_snapshot(value)

        assert is_cut(captured)
        assert size_of(captured) < 2_000_000

    def test_circles_end(self) -> None:
        """In lists, mappings and objects."""
        ring: list[Any] = []
        ring.append(ring)
        mapping: dict[str, Any] = {"ring": ring}
        mapping["self"] = mapping
        point = Point(1, [])
        point.tags = [point]  # type: ignore[list-item]

        assert [{"type": "list", "size": 1}] == value_of(take_snapshot(ring))
        assert {"type": "dict", "size": 2} == value_of(take_snapshot(mapping))["self"]
        assert is_cut(take_snapshot(point))

    def test_depth_ends(self) -> None:
        """After forty levels."""
        deep: Any = "bottom"
        for _ in range(100_000):
            deep = [deep]
        captured = take_snapshot(deep)

        assert is_cut(captured)
        assert 40 == str(value_of(captured)).count("[")

    def test_shared_parts_do_not_explode(self) -> None:
        """A billion laughs stay within the limit."""
        laugh: Any = "ha"
        for _ in range(30):
            laugh = [laugh, laugh]

        assert is_cut(take_snapshot(laugh))


class TestArguments:
    """A call's arguments by name."""

    @pytest.mark.parametrize(
        ("names", "args", "kwargs", "skip_first", "kept"),
        [
            ((), (), {}, False, {}),
            (("a",), (1,), {}, False, {"a": 1}),
            (("a", "b"), (1,), {"b": 2}, False, {"a": 1, "b": 2}),
            (("self", "a"), (object(), 1), {}, True, {"a": 1}),
            (("self",), (object(),), {}, True, {}),
            (("a", "*rest"), (1, 2, 3), {"k": 4}, False, {"a": 1, "rest": [2, 3], "k": 4}),
            (("a", "*rest"), (1,), {}, False, {"a": 1}),
            (("*rest",), (1,), {}, False, {"rest": [1]}),
            ((), (1, 2), {}, False, {"args": [1, 2]}),
            (("a",), (1, 2), {}, False, {"a": 1, "args": [2]}),
        ],
    )
    def test_they_are_bound(self, names: Any, args: Any, kwargs: Any, skip_first: bool, kept: Any) -> None:
        """As Python itself would, and never refused."""
        assert kept == value_of(take_arguments(names, args, kwargs, skip_first))

    def test_self_among_the_rest_is_left_out(self) -> None:
        """In a method that only takes `*args`."""
        assert {"args": [1]} == value_of(take_arguments(("*args",), (object(), 1), {}, True))

    def test_names_come_from_the_function(self) -> None:
        """Once, when it is decorated."""

        def function(a: int, /, b: int, *rest: int, key: int = 0, **more: int) -> None: ...

        assert ("a", "b", "*rest") == list_parameters(function)
