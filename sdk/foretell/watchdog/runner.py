"""Calls one function outside of the watchdog's own thread, so that nothing that hangs or fails there holds it up."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from foretell.errors import FAULTS

T = TypeVar("T")

MAX_WAITING: Final = 100
"""So many items wait for one function; what comes then is left out, and said once."""


class Runner(Generic[T]):
    """One function and its thread, which is there only while there is something to do."""

    def __init__(
        self, name: str, what: str, call: Callable[[T], object], limit_s: float, *, thread_name: str = ""
    ) -> None:
        """Call `call` for each item; `what` names it in sentences, and `limit_s` is how long it may take."""
        self.name = name
        self._thread_name = thread_name or f"foretell-{name}"
        self._what = what
        self._call = call
        self._limit_s = limit_s
        self.forget()

    def forget(self) -> None:
        """Start afresh in a forked child."""
        self._lock = threading.Lock()
        self._waiting: deque[T] = deque()
        self._thread: threading.Thread | None = None
        self._since_s: float | None = None

    @property
    def is_busy(self) -> bool:
        """True while it is called, or will be."""
        return self._thread is not None

    def put(self, item: T) -> None:
        """Have the function called with `item`, after those before it. Never waits."""
        if len(self._waiting) >= MAX_WAITING:
            self._complain("queue", "does not keep up; findings are left out for it")
            return
        with self._lock:
            self._waiting.append(item)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._thread_name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return  # the interpreter is ending
                self._thread = thread

    def check(self) -> bool:
        """Say once that it hangs, where it does; True while it is busy."""
        since_s = self._since_s
        if since_s is not None and time.monotonic() - since_s > self._limit_s:
            self._complain("hangs", f"has not returned for {self._limit_s:g} s; your program and the others go on")
            return False
        return self.is_busy

    def wait(self, timeout_s: float) -> bool:
        """Wait until everything is done; False when time ran out."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
        return not self.is_busy

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                item = self._waiting.popleft()
            self._since_s = time.monotonic()
            try:
                self._call(item)
            except BaseException as error:  # whatever it is, it ends here: this thread is ours
                self._complain("fails", f"has raised {type(error).__qualname__}{_message_of(error)}; findings go on")
            self._since_s = None

    def _complain(self, kind: str, text: str) -> None:
        FAULTS.warn(f"{self.name}.{kind}", f"{self._what} {text}.")


def _message_of(error: BaseException) -> str:
    try:
        text = str(error)
        return f" ({text if FAULTS.clean is None else FAULTS.clean(text)})" if text else ""
    except Exception:
        return ""  # what cannot be redacted is not said
