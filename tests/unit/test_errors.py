"""Our faults stay ours: what `guard` catches, counts, says and lets pass."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from foretell.errors import Faults, ForetellError, MissingExtra, RunHalted, SettingError, StoreError, guard


@pytest.fixture
def said() -> list[str]:
    """Collect the lines that are said."""
    return []


@pytest.fixture
def faults(said: list[str]) -> Faults:
    """A registry that speaks into `said`."""
    return Faults(say=said.append)


def test_a_guarded_block_goes_on_after_an_exception(faults: Faults) -> None:
    """An exception inside the block is counted by hook and not seen outside."""
    with guard("sink.store", faults):
        raise ValueError("disk is full")

    assert {"sink.store": 1} == faults.counts()


def test_a_guarded_function_gives_its_result_while_all_is_well(faults: Faults) -> None:
    """The decorator changes neither result nor name."""

    @guard("hook", faults)
    def double(number: int) -> int:
        return number * 2

    assert (6, "double", {}) == (double(3), double.__name__, faults.counts())


def test_a_guarded_function_gives_none_after_a_fault(faults: Faults) -> None:
    """A fault is None for the caller."""

    @guard("hook", faults)
    def fail() -> int:
        raise KeyError("x")

    assert (None, {"hook": 1}) == (fail(), faults.counts())


def test_a_guarded_coroutine_is_guarded_while_it_runs(faults: Faults) -> None:
    """The fault of a coroutine happens when it is awaited, not when it is made."""

    @guard("hook", faults)
    async def fail() -> int:
        await asyncio.sleep(0)
        raise KeyError("x")

    async def run() -> int | None:
        return await fail()

    assert (None, {"hook": 1}) == (asyncio.run(run()), faults.counts())


def test_a_guarded_coroutine_gives_its_result(faults: Faults) -> None:
    """A coroutine that works is untouched."""

    @guard("hook", faults)
    async def answer() -> int:
        return 42

    async def run() -> int | None:
        return await answer()

    assert 42 == asyncio.run(run())


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(3), RunHalted("agent_loop"), asyncio.CancelledError()]
)
def test_what_stops_a_program_passes(faults: Faults, error: BaseException) -> None:
    """BaseExceptions belong to the program, not to us."""
    with pytest.raises(type(error)), guard("hook", faults):
        raise error

    assert {} == faults.counts()


def test_the_same_kind_is_said_once_in_one_line(faults: Faults, said: list[str]) -> None:
    """A hook that fails a thousand times writes one line."""
    for _ in range(1000):
        with guard("sink.store", faults):
            raise ValueError("disk\nis full")

    assert [
        "foretell: a fault of ours in sink.store was caught (ValueError: disk is full); your program goes on."
    ] == said


def test_another_type_of_exception_is_said_again(faults: Faults, said: list[str]) -> None:
    """Each pair of hook and type has its line."""
    for error in (ValueError("a"), KeyError("b"), ValueError("c")):
        with guard("hook", faults):
            raise error

    assert 2 == len(said)


def test_the_first_traceback_is_kept_for_the_doctor(faults: Faults) -> None:
    """`foretell doctor` shows where the first fault of a kind came from."""
    for message in ("first", "second"):
        with guard("hook", faults):
            raise ValueError(message)

    (fault,) = faults.list_all()
    assert ("hook", "ValueError", 2) == (fault.hook, fault.error_type, fault.count)
    assert "ValueError: first" in fault.traceback
    assert "second" not in fault.traceback


def test_a_message_that_cannot_be_made_is_no_new_fault(faults: Faults, said: list[str]) -> None:
    """An exception whose `str` raises is named by its type."""

    class Rude(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    with guard("hook", faults):
        raise Rude

    assert 1 == len(said)
    assert "Rude" in said[0]


def test_a_closed_standard_error_is_no_new_fault() -> None:
    """Where nothing can be said, the fault is still counted."""

    def say(line: str) -> None:
        raise ValueError("I/O operation on closed file")

    faults = Faults(say=say)
    with guard("hook", faults):
        raise KeyError("x")

    assert {"hook": 1} == faults.counts()


def test_faults_of_endless_hooks_take_bounded_memory(faults: Faults) -> None:
    """Hook names made at run time cannot fill the memory."""
    for number in range(1000):
        faults.note(f"hook {number}", ValueError("x"))

    assert 1000 == sum(faults.counts().values())
    assert 257 == len(faults.list_all())


def test_a_forked_child_starts_afresh(faults: Faults) -> None:
    """What the parent caught is the parent's to tell."""
    faults.note("hook", ValueError("x"))
    faults.after_fork()

    assert {} == faults.counts()


@pytest.mark.parametrize("kind", [SettingError, MissingExtra, StoreError])
def test_refusals_end_the_command_line_with_two(kind: type[ForetellError]) -> None:
    """All refusals share one exit code."""
    assert 2 == kind("no").exit_code


def test_a_halted_run_says_why_and_how_to_allow_it() -> None:
    """The message names run, trigger, evidence and the way out."""
    halted = RunHalted("agent_loop", {"repeats": 4}, "Set actions={'agent_loop': 'log'}.", run_id="00000000000000ab")

    assert (
        "Run 00000000000000ab was halted by the trigger 'agent_loop' (repeats=4). Set actions={'agent_loop': 'log'}."
        == str(halted)
    )


def test_a_halted_run_is_not_an_exception() -> None:
    """Retry loops with `except Exception` do not swallow it."""
    assert not issubclass(RunHalted, Exception)


def test_a_halted_run_survives_pickling() -> None:
    """It crosses a process pool with everything it carries."""
    copy = pickle.loads(pickle.dumps(RunHalted("agent_loop", {"repeats": 4}, run_id="ab")))

    assert ("agent_loop", {"repeats": 4}, "ab") == (copy.trigger, dict(copy.evidence), copy.run_id)


def test_a_trouble_from_outside_is_said_once_in_one_line_and_counted(faults: Faults, said: list[str]) -> None:
    """It is no fault of ours, and is not called so."""
    for _ in range(3):
        faults.warn("store.locked", "The store is locked.\nSee who holds it.")
    faults.warn("store.full", "The disk is full.")

    assert ["foretell: The store is locked. See who holds it.", "foretell: The disk is full."] == said
    assert ({"store.locked": 3, "store.full": 1}, {}) == (faults.troubles(), faults.counts())


def test_what_an_exception_says_is_redacted_before_it_is_said(faults: Faults, said: list[str]) -> None:
    """Its message may quote the program's data; where redaction fails, only its type is told."""
    faults.clean = lambda text: text.replace("hunter2", "(gone)")
    faults.note("first", ValueError("password hunter2"))
    faults.clean = lambda text: str(1 / 0)
    faults.note("second", ValueError("password hunter2"))

    assert "ValueError: password (gone)" in said[0]
    assert "(ValueError)" in said[1]
    assert "hunter2" not in "".join(said)
