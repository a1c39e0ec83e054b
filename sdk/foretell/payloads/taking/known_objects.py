"""How containers, models, errors and large data are kept: fields one by one, tables and tensors only by their shape."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from foretell.payloads.taking import bare
from foretell.payloads.taking.careful import describe

if TYPE_CHECKING:
    from foretell.payloads.taking.careful import CarefulCopy

ARRAY_PACKAGES = frozenset({"numpy", "pandas", "torch", "polars", "tensorflow"})


def describe_only(_: CarefulCopy, value: Any) -> Any:
    """Tell the type of what we do not know."""
    return describe(type(value))


# -- objects with fields


def copy_model(copier: CarefulCopy, value: Any) -> Any:
    """Keep a pydantic model's fields, extra ones too."""
    return copier.copy_fields(value, add_extra(value, dict.copy(bare.read_fields(value) or {})))


def add_extra(value: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Add what a pydantic model was given beside its declared fields."""
    extra = bare.read_slot(value, "__pydantic_extra__")
    if type(extra) is dict:
        fields.update(extra)
    return fields


def copy_dataclass(copier: CarefulCopy, value: Any) -> Any:
    """Keep a dataclass's fields."""
    return _copy_named(copier, value, list(bare.find_in_bases(type(value), "__dataclass_fields__")))


def copy_attrs(copier: CarefulCopy, value: Any) -> Any:
    """Keep an attrs class's fields."""
    return _copy_named(copier, value, [field.name for field in bare.find_in_bases(type(value), "__attrs_attrs__")])


def _copy_named(copier: CarefulCopy, value: Any, names: list[str]) -> Any:
    own = bare.read_fields(value) or {}
    fields = {name: own[name] if name in own else bare.read_slot(value, name) for name in names}
    return copier.copy_fields(value, fields)


def copy_exception(copier: CarefulCopy, value: Any) -> Any:
    """Keep an error's type and arguments; its own `__str__` may run code."""
    args = BaseException.args.__get__(value)  # type: ignore[attr-defined]  # a slot of the C type
    message = copier.copy(args[0]) if len(args) == 1 else copier.copy_items(args)
    return describe(type(value), message=message)


# -- containers


def copy_mapping(copier: CarefulCopy, value: Any) -> Any:
    """Keep a dict of a class of its own."""
    return copier.copy_mapping(value)


def copy_items(copier: CarefulCopy, value: Any) -> Any:
    """Keep a list of a class of its own."""
    return copier.copy_items(value)


def copy_tuple(copier: CarefulCopy, value: Any) -> Any:
    """Keep a named tuple by its names, any other as a list."""
    names = bare.find_in_bases(type(value), "_fields")
    items = tuple.__getitem__(value, slice(None))
    if type(names) is tuple and len(names) == len(items) and all(type(name) is str for name in names):
        return copier.copy_fields(value, dict(zip(names, items, strict=True)))
    return copier.copy_items(value)


def copy_set(copier: CarefulCopy, value: Any) -> Any:
    """Keep a set as a list, sorted where that is possible."""
    base: Any = set if issubclass(type(value), set) else frozenset
    items = copier.copy_some(base.__iter__(value), base.__len__(value))
    # The order of a set differs from process to process, and with it the identity of a call.
    if all(type(item) is str for item in items) or all(type(item) is int for item in items):
        items.sort()
    return items


def copy_deque(copier: CarefulCopy, value: Any) -> Any:
    """Keep a deque as a list."""
    return copier.copy_some(deque.__iter__(value), deque.__len__(value))


def copy_view(copier: CarefulCopy, value: Any) -> Any:
    """Keep a dict's keys, values or items as a list."""
    # Python's own views only: they cannot be subclassed, and the view of a user's mapping is another type.
    return copier.copy_some(iter(value), len(value))


# -- what is never kept whole


def describe_array(_: CarefulCopy, value: Any) -> Any:
    """Tell type, shape and dtype of an array, tensor or table."""
    facts: dict[str, Any] = {}
    shape = bare.read_attribute(value, "shape")
    if issubclass(type(shape), tuple):
        facts["shape"] = [int.__index__(size) for size in tuple.__iter__(shape)]
    dtype = bare.read_attribute(value, "dtype")
    if type(dtype) is str:
        facts["dtype"] = dtype
    elif bare.read_module(type(dtype)).partition(".")[0] in ARRAY_PACKAGES:
        facts["dtype"] = str(dtype)
    return describe(type(value), **facts)


def describe_function(_: CarefulCopy, value: Any) -> Any:
    """Tell a function's name."""
    return describe(type(value), name=value.__qualname__)


def describe_method(_: CarefulCopy, value: Any) -> Any:
    """Tell the name of a bound method's function."""
    function = value.__func__
    return describe(type(value), name=function.__qualname__) if type(function) is _FUNCTION else describe(type(value))


def describe_class(_: CarefulCopy, value: Any) -> Any:
    """Tell a class's name."""
    return {"type": "type", "name": bare.name_type(value)}


_FUNCTION = type(describe_class)
