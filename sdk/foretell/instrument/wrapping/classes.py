"""Classes and built objects as agents: their entry methods become operations, and on request every other method a step."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from foretell.errors import ForetellError
from foretell.instrument.spec import Spec
from foretell.instrument.wrapping.callables import wrap_callable
from foretell.model.kinds import Kind

ENTRIES = frozenset(
    (
        *("run", "arun", "run_sync", "run_async", "run_stream", "invoke", "ainvoke", "stream", "astream", "execute"),
        *("aexecute", "process", "aprocess", "chat", "achat", "kickoff", "kickoff_async", "forward", "__call__"),
    )
)
"""Names under which frameworks and people start an agent."""


def wrap_class(cls: type, spec: Spec, *, is_all: bool) -> type:
    """Wrap the class in place and return it; subclasses that override an entry are wrapped as they are made."""
    _wrap_members(cls, vars(cls), spec, is_all=is_all)
    _wrap_inherited(cls, spec)
    _watch_subclasses(cls, spec, is_all=is_all)
    return cls


def wrap_instance(instance: Any, spec: Spec, *, is_all: bool) -> Any:  # any object; comes back as it is
    """Give this one object a class of its own with wrapped methods; its class and other objects stay as they are."""
    cls = type(instance)
    if "__foretell_shown_as__" in vars(cls):
        return instance
    members = {name: member for base in reversed(cls.__mro__[:-1]) for name, member in vars(base).items()}
    shadow = _make_shadow(cls)
    _wrap_members(shadow, members, spec, is_all=is_all)
    try:
        instance.__class__ = shadow
    except (TypeError, AttributeError) as refusal:
        raise ForetellError(
            f"instrument_agent() was given an object of {cls.__qualname__}, whose class Python does not let us extend "
            f"({refusal}).\nDecorate the class instead: {cls.__name__} = foretell.instrument_agent({cls.__name__})"
        ) from None
    return instance


def _make_shadow(cls: type) -> type:
    namespace = {
        "__slots__": (),
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__reduce_ex__": _reduce_as_original,
        "__foretell_shown_as__": cls,
    }
    return type(cls)(cls.__name__, (cls,), namespace)


def _reduce_as_original(self: Any, protocol: Any) -> Any:
    """Pickle and copy the object as one of its original class: the shadow exists in this process only."""
    original = type(self).__foretell_shown_as__
    reduced = super(type(self), self).__reduce_ex__(protocol)
    if not isinstance(reduced, tuple):
        return reduced
    arguments = tuple(original if argument is type(self) else argument for argument in reduced[1])
    # pickle insists that the usual maker gets the object's own class; the class's `__new__` itself may get any.
    maker = original.__new__ if getattr(reduced[0], "__name__", "") == "__newobj__" else reduced[0]
    return (maker, arguments, *reduced[2:])


def _wrap_members(cls: type, members: Any, spec: Spec, *, is_all: bool) -> None:
    for name, member in list(members.items()):
        kind = _kind_of(name, spec, is_all=is_all)
        if kind is not None and _is_wrappable(member):
            setattr(cls, name, wrap_member(name, member, _member_spec(cls, name, kind, spec)))


def _kind_of(name: str, spec: Spec, *, is_all: bool) -> Kind | None:
    if name in ENTRIES:
        return spec.kind
    return Kind.STEP if is_all and not name.startswith("_") else None


def _member_spec(cls: type, name: str, kind: Kind, spec: Spec) -> Spec:
    if kind is Kind.STEP and spec.kind is not Kind.STEP:
        return Spec(Kind.STEP, name, capture_inputs=spec.capture_inputs, capture_outputs=spec.capture_outputs)
    return replace(spec, name=spec.name or cls.__name__, is_entry=True, is_named_by_class=not spec.name, by_class={})


def _is_wrappable(member: Any) -> bool:
    function = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
    return inspect.isfunction(function) and not hasattr(function, "__foretell_spec__")


def wrap_member(name: str, member: Any, spec: Spec) -> Any:  # a function, class method or static method
    """Wrap what stands in a class body, keeping its nature."""
    if isinstance(member, classmethod):
        return classmethod(wrap_callable(member.__func__, spec.for_callable(member.__func__, skip_first=True)))
    if isinstance(member, staticmethod):
        spec = replace(spec, is_entry=False, by_class={})
        return staticmethod(wrap_callable(member.__func__, spec.for_callable(member.__func__)))
    return wrap_callable(member, spec.for_callable(member, skip_first=True))


def _wrap_inherited(cls: type, spec: Spec) -> None:
    """Entries that come from a base that nobody decorated belong to this class's agents only."""
    for name, member in _inherited_entries(cls):
        setattr(cls, name, wrap_member(name, member, _member_spec(cls, name, spec.kind, spec)))


def _inherited_entries(cls: type) -> Iterator[tuple[str, Any]]:
    for name in ENTRIES:
        for base in cls.__mro__[1:-1]:
            if name in vars(base):
                if _is_wrappable(vars(base)[name]) and name not in vars(cls):
                    yield name, vars(base)[name]
                break


def _watch_subclasses(cls: Any, spec: Spec, *, is_all: bool) -> None:
    own = vars(cls).get("__init_subclass__")

    def wrap_overrides(sub: Any, /, **kwargs: Any) -> None:
        if own is not None:
            own.__func__(sub, **kwargs)
        else:
            super(cls, sub).__init_subclass__(**kwargs)
        _wrap_members(sub, vars(sub), spec, is_all=is_all)

    cls.__init_subclass__ = classmethod(wrap_overrides)
