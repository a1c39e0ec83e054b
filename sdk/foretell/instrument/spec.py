"""What a decorator was told, worked out once so that a call need not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from foretell.model.kinds import Kind
from foretell.payloads.taking.snapshot import list_parameters

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import InferenceFacts

    Describe = Callable[[InferenceFacts, dict[str, Any], Call], None]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Names of a callable's parameters, for recording arguments without `inspect` at each call."""

    names: tuple[str, ...] = ()
    skip_first: bool = False
    """True for methods: `self` and `cls` are not arguments."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One decorated callable, or one kind of `with` block."""

    kind: Kind
    name: str
    provider: str | None = None
    model: str | None = None
    operation: str | None = None
    """Of `llm` and `memory`: the conventions' operation name."""
    description: str | None = None
    version: str | None = None
    capture_inputs: bool | None = None
    capture_outputs: bool | None = None
    is_priced: bool = True
    is_replayed: bool = False
    is_entry: bool = False
    """An entry method of a class: called from another entry of the same object, it is the same operation."""
    is_named_by_class: bool = False
    """No name was given: each subclass goes by its own."""
    describe: Describe | None = None
    """Of a client's requests: fills facts from what was noted of one, in the worker."""
    parameters: Parameters = field(default_factory=Parameters)
    by_class: dict[type, Spec] = field(default_factory=dict, compare=False, repr=False)

    def for_class(self, cls: type) -> Spec:
        """The same under the name of `cls`, made once for each class."""
        found = self.by_class.get(cls)
        if found is None:
            shown = getattr(cls, "__foretell_shown_as__", cls)
            found = self.by_class[cls] = replace(self, name=shown.__name__)
        return found

    def for_callable(self, func: Callable[..., Any], *, skip_first: bool = False) -> Spec:
        """The same, with this callable's name where none was given and its parameters' names."""
        name = self.name or getattr(func, "__name__", None) or type(func).__name__
        return replace(self, name=name, parameters=Parameters(list_parameters(func), skip_first))
