"""Runs a Python program as `python` itself would: its arguments, its path, its exit code, its tracebacks."""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from foretell.errors import ForetellError


class UserProgram:
    """A script, a directory or archive with a `__main__.py`, or a module, together with its arguments."""

    def __init__(self, target: str, arguments: Sequence[str], *, is_module: bool) -> None:
        """Name the program; `check` and `prepare` look for it, `run` runs it."""
        self.target = target
        self.arguments = list(arguments)
        self.is_module = is_module
        self.is_interrupted = False

    def check(self) -> None:
        """Raise `ForetellError` when there is no such program, before anything is set up."""
        if self.is_module:
            return
        path = Path(self.target)
        if not path.exists():
            script = find_script(self.target)
            if script is not None:
                self.target = str(script)
                return
            hint = "" if path.suffix == ".py" else f"\nFor an installed module type: foretell run -m {self.target}"
            raise ForetellError(f"There is no file {self.target!r} here.{hint}")
        if path.is_dir() and not (path / "__main__.py").exists():
            raise ForetellError(f"The directory {self.target!r} has no __main__.py to run.")

    def prepare(self) -> None:
        """Load the program and set `sys.argv` and `sys.path` for it; raises `ForetellError` where there is none."""
        self._module, self._code = self._load()

    def run(self) -> None:
        """Be that program until it ends; its exceptions are shown without our frames and end the process as usual."""
        # Kept alive: what holds on to the old `__main__` must not find its globals gone.
        self._before = sys.modules["__main__"]
        sys.modules["__main__"] = self._module
        try:
            exec(self._code, self._module.__dict__)  # noqa: S102  # running it is what was asked for
        except SystemExit:
            raise
        except BaseException as error:
            show_error(error, self._code.co_filename)
            self.is_interrupted = isinstance(error, KeyboardInterrupt)
            # The interpreter ends the process as for any uncaught exception, and has nothing more to print.
            sys.excepthook = lambda *_: None
            raise

    def end_by_signal(self) -> None:
        """End as `python` does after Ctrl-C, by the signal itself; to be registered as the last exit handler.

        The interpreter would do so by itself if no exit handler evaluated a string, as making a namedtuple does.
        """
        if self.is_interrupted and os.name == "posix":
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, full, or not there
                    stream.flush()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)

    def _load(self) -> tuple[ModuleType, CodeType]:
        """Return the program's `__main__` and its code."""
        if self.is_module:
            set_first_path(str(Path.cwd()))
            found = find_main_spec(self.target)
            return make_main(found, [found.origin or self.target, *self.arguments])
        path = Path(self.target)
        if path.suffix != ".py" and (path.is_dir() or is_archive(path)):
            place = os.path.abspath(path)  # noqa: PTH100  # as `python` does: links stay
            set_first_path(place)
            spec = importlib.machinery.PathFinder.find_spec("__main__", [place])
            if spec is None:
                raise ForetellError(f"{self.target!r} has no __main__.py to run.")
            return make_main(spec, [self.target, *self.arguments])
        set_first_path(str(path.resolve().parent))
        sys.argv = [self.target, *self.arguments]
        return load_script(path)


def find_script(name: str) -> Path | None:
    """Find the command of that name that this Python's packages brought: `gunicorn`, `celery`, `pytest` …; or None."""
    import shutil

    if Path(name).name != name:
        return None
    for directory in (str(Path(sys.executable).parent), None):  # beside this Python first, then on the PATH
        found = shutil.which(name, path=directory)
        if found is not None and is_python_script(Path(found)):
            return Path(found)
    return None


def is_python_script(path: Path) -> bool:
    """Say whether a command is Python source, and not the machine's."""
    with path.open("rb") as file:
        first = file.readline(1_024)
    return first.startswith(b"#!") and (b"python" in first or b"/bin/sh" in first)


def load_script(path: Path) -> tuple[ModuleType, CodeType]:
    """Make `__main__` of a file of source."""
    name = os.path.abspath(path)  # noqa: PTH100  # as `python` does: links stay
    module = make_module()
    loader = importlib.machinery.SourceFileLoader("__main__", name)
    module.__dict__.update(__file__=name, __builtins__=__builtins__, __loader__=loader, __cached__=None)
    try:
        return module, compile(path.read_bytes(), name, "exec", dont_inherit=True)
    except SyntaxError as error:
        show_error(error.with_traceback(None), name)
        raise SystemExit(1) from None


def make_module() -> ModuleType:
    """Make an empty `__main__`, with the names that this version of Python puts into its own."""
    module = ModuleType("__main__")
    if "__annotations__" in vars(sys.modules["__main__"]):  # until Python 3.13
        module.__annotations__ = {}
    return module


def make_main(spec: importlib.machinery.ModuleSpec, argv: list[str]) -> tuple[ModuleType, CodeType]:
    """Make `__main__` of a module found by the import system."""
    sys.argv = argv
    loader: Any = spec.loader
    try:
        code = loader.get_code(spec.name) if hasattr(loader, "get_code") else None
    except SyntaxError as error:
        show_error(error.with_traceback(None), spec.origin or spec.name)
        raise SystemExit(1) from None
    if code is None:
        raise ForetellError(f"{spec.name!r} has no Python code to run.")
    module = make_module()
    module.__dict__.update(
        __file__=spec.origin,
        __cached__=spec.cached,
        __loader__=loader,
        __package__=spec.parent,
        __spec__=spec,
        __builtins__=__builtins__,
    )
    return module, code


def find_main_spec(name: str) -> importlib.machinery.ModuleSpec:
    """Find the module that `-m name` means: of a package its `__main__`."""
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError, AttributeError) as error:
        raise ForetellError(f"The module {name!r} cannot be found: {error}.") from error
    if spec is None:
        raise ForetellError(f"There is no module {name!r} to run.")
    return spec


def set_first_path(directory: str) -> None:
    """Put the program's directory where `python` puts it, in place of that of the `foretell` command."""
    if getattr(sys.flags, "safe_path", False):  # Python 3.11+: -P or PYTHONSAFEPATH
        return
    sys.path[:1] = [directory]


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip archive, which Python can run."""
    import zipfile

    return path.is_file() and zipfile.is_zipfile(path)


def show_error(error: BaseException, filename: str) -> None:
    """Hand an exception to `sys.excepthook` as if the program had been started by `python`: without our frames."""
    trace = error.__traceback__
    error.__traceback__ = trim_traceback(trace, filename)
    sys.excepthook(type(error), error, error.__traceback__)


def trim_traceback(trace: TracebackType | None, filename: str) -> TracebackType | None:
    """Return the part of a traceback that begins in the file of that name; all of it where that file is not in it."""
    at = trace
    while at is not None:
        if at.tb_frame.f_code.co_filename == filename:
            return at
        at = at.tb_next
    return trace
