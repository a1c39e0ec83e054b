"""Facts about a class or an object, read past everything that its author may have overridden.

`type(value)` is the only honest question one can ask a stranger: `__class__`, `__dict__`, `__getattr__` and a metaclass
may run code. Everything here reads the slots of `type` and `object` directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

_read_mro = type.__dict__["__mro__"].__get__
_read_module = type.__dict__["__module__"].__get__
_read_qualname = type.__dict__["__qualname__"].__get__
_read_namespace = type.__dict__["__dict__"].__get__


def list_bases(cls: type) -> tuple[type, ...]:
    """Return the class and its bases in method resolution order."""
    bases: tuple[type, ...] = _read_mro(cls)
    return bases


def read_namespace(cls: type) -> Mapping[str, Any]:
    """Return what the class body itself defined."""
    namespace: Mapping[str, Any] = _read_namespace(cls)
    return namespace


def read_module(cls: type) -> str:
    """Return the module's name, or an empty one where the author put something else there."""
    try:
        module = _read_module(cls)
    except AttributeError:
        return ""
    return module if type(module) is str else ""


def name_type(cls: type) -> str:
    """Return `module.Class`, without `builtins.`."""
    module = read_module(cls)
    name: str = _read_qualname(cls)
    return name if module in ("builtins", "") else f"{module}.{name}"


def find_in_bases(cls: type, name: str) -> Any:  # Any: whatever a class body may hold
    """Return what the nearest base defines under this name, unbound, or None."""
    for base in list_bases(cls):
        namespace = read_namespace(base)
        if name in namespace:
            return namespace[name]
    return None


def find_descriptor(cls: type, name: str, kind: type) -> Any:  # Any: a bound `__get__`
    """Return what reads that attribute of an object, where the class or a base keeps it by such a descriptor."""
    for base in list_bases(cls):
        found: Any = read_namespace(base).get(name)
        if found is not None and isinstance(found, kind):
            reader: Any = found
            return reader.__get__
    return None


def read_fields(value: object) -> dict[str, Any] | None:
    """Return the object's own attribute dictionary (not a copy), or None where it has none."""
    for base in list_bases(type(value)):
        reader = read_namespace(base).get("__dict__")
        if type(reader) is GetSetDescriptorType:
            fields: dict[str, Any] = reader.__get__(value)
            return fields
    return None


def read_slot(value: object, name: str) -> Any:  # Any: whatever the slot holds
    """Return the content of a `__slots__` entry, or None where it is unset or no slot."""
    slot = find_in_bases(type(value), name)
    if type(slot) is not MemberDescriptorType:
        return None
    try:
        return slot.__get__(value)
    except AttributeError:
        return None


def read_attribute(value: object, name: str) -> Any:  # Any: whatever the attribute is
    """Return an attribute past `__getattr__` and `__getattribute__`; a descriptor of the class still runs."""
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return None
