"""Whose conversation is going on: `with foretell.session("s-1", user_id="u-1")`, and feedback about it."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context, attach, get_current

from foretell.errors import FAULTS, ForetellError
from foretell.instrument import state
from foretell.instrument.blocks import current_operation
from foretell.instrument.operation import SESSION
from foretell.model.facts import Score, Session

if TYPE_CHECKING:
    from foretell.instrument.runtime import Runtime


class session:  # noqa: N801  # reads as a verb after `with`
    """Everything recorded inside belongs to this session, user and conversation; sync and async.

    `conversation_id` only if the application really has one; `tags` become attributes `foretell.tag.<name>`.
    """

    def __init__(
        self, id: str | None = None, *, user_id: str | None = None, conversation_id: str | None = None, **tags: Any
    ) -> None:
        """Name the session; nothing changes before it is entered."""
        self._session = Session(id, user_id, conversation_id, tuple(tags.items()))
        self._inside: Context | None = None
        self._outer: Context | None = None

    def __enter__(self) -> Session:
        """Make it the current session."""
        self._outer = get_current()
        self._inside = Context({**self._outer, SESSION: self._session})
        attach(self._inside)
        return self._session

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Go back to the session around it."""
        if self._outer is not None and get_current() is self._inside:
            attach(self._outer)

    async def __aenter__(self) -> Session:
        """Make it the current session."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go back to the session around it."""
        self.__exit__(kind, error, trace)


def score(
    name: str,
    value: float | bool | None = None,
    *,
    run: str | None = None,
    label: str | None = None,
    comment: str | None = None,
) -> None:
    """Record feedback or a task's result for the current run, or for `run` (its id, as `op.run_id` gives it).

    `value` is a number (True counts as 1); `label` a word such as "good". One of the two must be there.
    """
    if value is None and label is None:
        raise ForetellError(f"score({name!r}) has neither value nor label. Type: foretell.score({name!r}, 1.0)")
    runtime = state.current
    if runtime is None:
        return
    here = current_operation()
    runtime.worker.put_score(
        Score(
            name=name,
            value=None if value is None else float(value),
            label=label,
            comment=comment,
            time_ns=_now_ns(runtime),
            run_id=run or here.run_id or None,
            span_id=here.span_id if here and (run is None or run == here.run_id) else None,
        )
    )


def _now_ns(runtime: Runtime) -> int:
    try:
        return runtime.wall_ns()
    except Exception as error:  # a broken clock costs the time, not the feedback
        FAULTS.note("clock", error)
        return 0
