"""Finds how a value of a given class is kept. Libraries' classes are told by name: none is imported for it."""

from __future__ import annotations

from collections.abc import Callable
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from foretell.payloads.taking import bare
from foretell.payloads.taking import known_objects as objects
from foretell.payloads.taking import known_values as values
from foretell.payloads.taking.known_values import Adapter

_KNOWN_LIMIT = 1024
_known: dict[int, tuple[type, Adapter]] = {}
_Reader = Callable[[Any], Any]
_Readers = tuple[type, _Reader | None, _Reader | None]
_readers: dict[int, _Readers] = {}


def find_adapter(cls: type) -> Adapter:
    """Return how values of exactly this class are kept."""
    # By id, since hashing a class may run its metaclass; the class is held, so that its id stays its own.
    entry = _known.get(id(cls))
    if entry is not None:
        return entry[1]
    adapter = _choose(cls)
    if len(_known) >= _KNOWN_LIMIT:
        _known.clear()
    _known[id(cls)] = (cls, adapter)
    return adapter


def read_model(cls: type, value: Any) -> dict[str, Any] | None:
    """Return a copy of a pydantic model's fields; None where the value is no model. Responses of models are such."""
    entry = _readers.get(id(cls))
    if entry is None:
        entry = _find_readers(cls)
    _, read_fields, read_extra = entry
    if read_fields is None:
        return None
    try:
        fields: dict[str, Any] = read_fields(value).copy()
        extra = read_extra(value) if read_extra is not None else None
    except AttributeError:  # a model half made: its slot is not set yet
        return None
    if extra:
        fields.update(extra)
    return fields


def _find_readers(cls: type) -> _Readers:
    """Remember how to read a model's own dictionary and its extra fields, or that the class is no model."""
    fields = extra = None
    if find_adapter(cls) is objects.copy_model:
        fields = bare.find_descriptor(cls, "__dict__", GetSetDescriptorType)
        extra = bare.find_descriptor(cls, "__pydantic_extra__", MemberDescriptorType)
    if len(_readers) >= _KNOWN_LIMIT:
        _readers.clear()
    entry = _readers[id(cls)] = (cls, fields, extra)
    return entry


def _choose(cls: type) -> Adapter:
    """Look at names first, then at dataclass and attrs marks, then at built-in bases: an enum of str is an enum."""
    bases = bare.list_bases(cls)
    for base in bases:
        package = bare.read_module(base).partition(".")[0]
        adapter = _BY_NAME.get((package, bare.name_type(base).rpartition(".")[2]))
        if adapter is not None:
            return adapter
    for mark, adapter in _BY_MARK.items():
        if bare.find_in_bases(cls, mark) is not None:
            return adapter
    for base in bases:
        for builtin, adapter in _BY_BASE:
            if base is builtin:
                return adapter
    return objects.describe_only


_BY_NAME: dict[tuple[str, str], Adapter] = {
    ("enum", "Enum"): values.copy_enum,
    ("datetime", "datetime"): values.tell_datetime,
    ("datetime", "date"): values.tell_date,
    ("datetime", "time"): values.tell_time,
    ("datetime", "timedelta"): values.tell_timedelta,
    ("decimal", "Decimal"): values.tell_decimal,
    ("uuid", "UUID"): values.tell_uuid,
    ("pathlib", "PurePath"): values.tell_path,
    ("numpy", "generic"): values.tell_scalar,
    ("pydantic", "BaseModel"): objects.copy_model,
    ("collections", "deque"): objects.copy_deque,
    ("numpy", "ndarray"): objects.describe_array,
    ("builtins", "function"): objects.describe_function,
    ("builtins", "method"): objects.describe_method,
    **{
        (package, name): objects.describe_array
        for package in objects.ARRAY_PACKAGES
        for name in ("DataFrame", "Series", "Tensor")
    },
}
_BY_MARK: dict[str, Adapter] = {
    "__dataclass_fields__": objects.copy_dataclass,
    "__attrs_attrs__": objects.copy_attrs,
}
_BY_BASE: tuple[tuple[type, Adapter], ...] = (
    (BaseException, objects.copy_exception),
    (type, objects.describe_class),
    (dict, objects.copy_mapping),
    (list, objects.copy_items),
    (tuple, objects.copy_tuple),
    (set, objects.copy_set),
    (frozenset, objects.copy_set),
    (type({}.keys()), objects.copy_view),
    (type({}.values()), objects.copy_view),
    (type({}.items()), objects.copy_view),
    (str, values.copy_text),
    (int, values.copy_integer),
    (float, values.copy_float),
    (complex, values.tell_complex),
    (bytes, values.copy_bytes),
    (bytearray, values.copy_bytes),
    (memoryview, values.copy_bytes),
)
