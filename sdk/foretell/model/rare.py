"""Attributes that few objects have: they stand in one place, so that the others do not pay for them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class Rare(Generic[T]):
    """An attribute that is None for most objects of a class, and stands in the dictionary `rare` where it is not.

    Slots cost each object that has them: to set, and each time that the garbage collector looks through it.
    """

    __slots__ = ("_name",)

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the attribute's name."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Rare[T]: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> T | None: ...
    def __get__(self, instance: Any, owner: type) -> Rare[T] | T | None:
        """The value, None where there is none."""
        if instance is None:
            return self
        rare = instance.rare
        return None if rare is None else rare.get(self._name)

    def __set__(self, instance: Any, value: T | None) -> None:
        """Put a value there, or with None take it away."""
        rare = instance.rare
        if value is not None:
            instance.rare = {**rare, self._name: value} if rare else {self._name: value}
        elif rare and self._name in rare:
            instance.rare = {name: kept for name, kept in rare.items() if name != self._name} or None
