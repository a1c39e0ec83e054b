"""Stacks of threads."""

from __future__ import annotations

import sys
import threading

import pytest

from foretell.model.process import ProcessSample
from foretell.watchdog.probes.stacks import StackProbe, name_place, read_stack, take_stack, take_stacks
from tests.unit.watchdog.some_tasks import LONG_S, NOW, S


@pytest.fixture
def waiting():
    """A thread that waits at a known place."""
    began, done = threading.Event(), threading.Event()

    def wait_here():
        began.set()
        done.wait(LONG_S)

    thread = threading.Thread(target=wait_here)
    thread.start()
    assert began.wait(LONG_S)
    yield thread
    done.set()
    thread.join(LONG_S)


def sample(at_s, role="other", **used_s):
    used = {int(name[1:]): seconds for name, seconds in used_s.items()}
    return ProcessSample(
        NOW + int(at_s * S), 1, 0, 0, None, 1, used, dict.fromkeys(used, role), {}, None, None, None, None
    )


def test_a_stack_tells_where_and_nothing_of_what(waiting):
    """File, line and function; no folder, no value."""
    stack = take_stack(waiting.ident)

    assert any(frame.startswith("test_stack_probe.py:") and frame.endswith(" wait_here") for frame in stack)
    assert not any("/" in frame for frame in stack)


def test_threads_are_named_as_the_kernel_does(waiting):
    """Those that are not asked for are left out."""
    assert {waiting.native_id} == set(take_stacks({waiting.native_id}))


def test_a_thread_that_is_gone_has_no_stack():
    """Python has forgotten it."""
    assert () == take_stack(-1)


def test_only_busy_threads_are_looked_at(waiting):
    """Whoever sleeps costs nothing."""
    probe, name = StackProbe(), f"t{waiting.native_id}"
    probe.note(sample(0, **{name: 1.0}))
    looks = [probe.look(NOW)]
    probe.note(sample(1, **{name: 1.01}))
    looks.append(probe.look(NOW + S))
    probe.note(sample(2, **{name: 2.0}))
    looks.append(probe.look(NOW + 2 * S))

    assert [None, None] == looks[:2]
    assert {waiting.native_id} == set(looks[2].stacks)


def test_our_own_threads_are_not_looked_at(waiting):
    """They are busy for others."""
    probe, name = StackProbe(), f"t{waiting.native_id}"
    probe.note(sample(0, "foretell", **{name: 1.0}))
    probe.note(sample(1, "foretell", **{name: 2.0}))

    assert None is probe.look(NOW)


def test_a_clock_that_is_set_back_makes_nobody_busy(waiting):
    """How long the look was is not known."""
    probe, name = StackProbe(), f"t{waiting.native_id}"
    probe.note(sample(10, **{name: 1.0}))
    probe.note(sample(1, **{name: 2.0}))

    assert None is probe.look(NOW)


def test_a_deep_stack_is_cut_at_its_outer_end():
    """What is at work is at the inner end."""

    def dive(depth):
        return read_stack(sys._getframe()) if depth == 0 else dive(depth - 1)

    stack = dive(100)

    assert 40 == len(stack)
    assert all(frame.endswith(" dive") for frame in stack)


def test_a_package_is_named_by_its_folder():
    """`__init__.py` alone says nothing."""
    code = compile("x = 1", "/home/me/project/shop/__init__.py", "exec")

    assert "shop/__init__.py:7 <module>" == name_place(code, 7)
