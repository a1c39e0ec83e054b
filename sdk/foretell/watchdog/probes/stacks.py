"""Takes the stacks of threads, as texts that tell where and nothing of what."""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Mapping
from types import CodeType, FrameType
from typing import Final

from foretell.model.process import ProcessSample
from foretell.model.samples import Stack, StackSample

MAX_FRAMES: Final = 40
HOT_SHARE: Final = 0.2
"""Of a core, since the last look: below it a thread does not spin, not even on a machine where others take its core."""


class StackProbe:
    """Takes the stacks of the threads that are busy, and of no others."""

    def __init__(self, own_role: str = "foretell") -> None:
        """Leave out the threads of this role: ours."""
        self._own_role = own_role
        self._last: ProcessSample | None = None
        self._hot: tuple[int, ...] = ()

    def note(self, sample: ProcessSample) -> None:
        """See which threads are busy; the next look is at them."""
        last, self._last = self._last, sample
        if last is sample:
            return
        passed_ns = sample.time_ns - last.time_ns if last is not None else 0
        if last is None or passed_ns <= 0:
            self._hot = ()
            return
        least_s = HOT_SHARE * passed_ns / 1e9
        before, roles = last.thread_cpu_s, sample.thread_roles
        self._hot = tuple(
            thread_id
            for thread_id, used_s in sample.thread_cpu_s.items()
            if used_s - before.get(thread_id, used_s) >= least_s and roles.get(thread_id) != self._own_role
        )

    def look(self, now_ns: int) -> StackSample | None:
        """Return the stacks of the busy threads; None while there are none. Native threads have no stack to show."""
        if not self._hot:
            return None
        return StackSample(now_ns, take_stacks(self._hot))

    def after_fork(self) -> None:
        """Forget the parent's threads."""
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._last = None
        self._hot = ()


def take_stacks(thread_ids: Collection[int]) -> dict[int, Stack]:
    """Return the stacks of threads by the kernel's ids; those that Python does not know are left out."""
    frames = sys._current_frames()  # noqa: SLF001  # documented; the underscore warns of its price, not of a change
    kernel_ids = kernel_ids_of(frames)
    return {
        kernel_ids[ident]: read_stack(frame)
        for ident, frame in frames.items()
        if ident in kernel_ids and kernel_ids[ident] in thread_ids
    }


def take_stack(ident: int) -> Stack:
    """Return the stack of one thread by Python's identity of it; empty where it is gone."""
    frame = sys._current_frames().get(ident)  # noqa: SLF001  # as above
    return read_stack(frame) if frame is not None else ()


def kernel_ids_of(idents: Collection[int] | Mapping[int, object]) -> dict[int, int]:
    """Return Python's identity of a thread → the kernel's id of it."""
    return {
        thread.ident: thread.native_id
        for thread in threading.enumerate()
        if thread.ident is not None and thread.native_id is not None and thread.ident in idents
    }


def read_stack(frame: FrameType | None) -> Stack:
    """Return the innermost frames of a stack, outermost first."""
    found: list[str] = []
    while frame is not None and len(found) < MAX_FRAMES:
        found.append(name_place(frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(reversed(found))


def name_place(code: CodeType, line: int | None) -> str:
    """Return `module.py:12 function`; folders are left out but for packages' `__init__.py`: paths tell of people."""
    path = code.co_filename.replace("\\", "/")
    cut = path.rfind("/")
    if path.endswith("/__init__.py"):
        cut = path.rfind("/", 0, cut)
    return f"{path[cut + 1 :]}:{line or code.co_firstlineno} {code.co_name}"
