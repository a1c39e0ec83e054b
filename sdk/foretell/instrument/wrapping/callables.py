"""Wrappers around the four kinds of callable: each opens an operation, calls, and finishes or fails it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from opentelemetry.context import get_current

from foretell.errors import FAULTS
from foretell.instrument import state
from foretell.instrument.contexts import abandon, leave_context
from foretell.instrument.operation import Operation, open_call
from foretell.instrument.runtime import Runtime
from foretell.instrument.spec import Spec
from foretell.instrument.wrapping.streams import Stream

Wrapped = Callable[..., Any]


def wrap_callable(func: Wrapped, spec: Spec) -> Wrapped:
    """Return `func` with an operation around each call; signature, name, docstring and pickling stay its own."""
    if inspect.iscoroutinefunction(func):
        wrapper = _around_coroutine(func, spec)
    elif inspect.isasyncgenfunction(func):
        wrapper = _around_async_generator(func, spec)
    elif inspect.isgeneratorfunction(func):
        wrapper = _around_generator(func, spec)
    else:
        wrapper = _around_function(func, spec)
    functools.update_wrapper(wrapper, func)
    wrapper.__foretell_spec__ = spec  # type: ignore[attr-defined]  # marks it as wrapped, for classes and tests
    return wrapper


def begin(spec: Spec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Operation | None:
    """Open an operation, or None where nothing is recorded; a fault of ours is counted and changes nothing."""
    runtime = state.current
    if runtime is None:
        return None
    try:
        if spec.is_entry:
            if is_within_entry(runtime, args):
                return None
            if spec.is_named_by_class:
                spec = spec.for_class(class_of(args[0]))
        operation = open_call(runtime, spec, args, kwargs)
        if spec.is_entry:
            operation.owner = id(args[0])
        return operation
    except Exception as error:
        FAULTS.note("open", error)
        return None


def begin_stream(spec: Spec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Stream | None:
    """Remember where a generator was called, or None where nothing is recorded."""
    runtime = state.current
    if runtime is None:
        return None
    try:
        if not spec.is_entry:
            return Stream(runtime, spec, args, kwargs)
        if is_within_entry(runtime, args):
            return None
        if spec.is_named_by_class:
            spec = spec.for_class(class_of(args[0]))
        return Stream(runtime, spec, args, kwargs, owner=id(args[0]))
    except Exception as error:
        FAULTS.note("open", error)
        return None


def class_of(owner: Any) -> type:
    """The class of `self`, or `cls` itself in a class method."""
    return owner if issubclass(type(owner), type) else type(owner)


def is_within_entry(runtime: Runtime, args: tuple[Any, ...]) -> bool:
    """True where an entry method calls another of the same object: `__call__` → `run` is one operation, not two."""
    current = get_current().get(runtime.context_key)
    return bool(args) and isinstance(current, Operation) and current.owner == id(args[0]) and current.end_ns is None


def end(operation: Operation, result: Any) -> None:
    """Finish an operation; a fault of ours is counted and changes nothing."""
    try:
        leave_context(operation, is_certain=True)
        operation.finish(result)
    except Exception as error:
        _give_up(operation, error)


def break_off(operation: Operation, error: BaseException) -> None:
    """Fail an operation; a fault of ours is counted and changes nothing."""
    try:
        leave_context(operation, is_certain=True)
        operation.fail(error)
    except Exception as fault:
        _give_up(operation, fault)


def _give_up(operation: Operation, fault: Exception) -> None:
    """A fault while ending: leave the context at least, so that nothing nests under it for ever."""
    FAULTS.note("end", fault)
    abandon(operation)


def _around_function(func: Wrapped, spec: Spec) -> Wrapped:
    def call(*args: Any, **kwargs: Any) -> Any:
        operation = begin(spec, args, kwargs)
        if operation is None:
            return func(*args, **kwargs)
        try:
            result = func(*args, **kwargs)
        except BaseException as error:
            break_off(operation, error)
            raise
        end(operation, result)
        return result

    return call


def _around_coroutine(func: Wrapped, spec: Spec) -> Wrapped:
    async def call(*args: Any, **kwargs: Any) -> Any:
        operation = begin(spec, args, kwargs)
        if operation is None:
            return await func(*args, **kwargs)
        try:
            gate = operation.runtime.gate
            if gate is not None:
                await gate.wait(operation)
            result = await func(*args, **kwargs)
        except BaseException as error:
            break_off(operation, error)
            raise
        end(operation, result)
        return result

    return call


def _around_generator(func: Wrapped, spec: Spec) -> Wrapped:
    def call(*args: Any, **kwargs: Any) -> Any:
        generator = func(*args, **kwargs)
        stream = begin_stream(spec, args, kwargs)
        return generator if stream is None else _drive(generator, stream)

    return call


def _drive(generator: Generator[Any, Any, Any], stream: Stream) -> Generator[Any, Any, Any]:
    """Run a generator step by step; its operation is current only while its own code runs."""
    step, value = generator.send, None
    stream.open()
    try:
        while True:
            try:
                chunk = step(value)
            except StopIteration as stop:
                stream.finish(stop.value)
                return stop.value
            except BaseException as error:
                stream.fail(error)
                raise
            stream.suspend(chunk)
            try:
                step, value = generator.send, (yield chunk)
            except GeneratorExit as leaving:
                stream.resume()
                _close(generator, stream, leaving)
                raise
            except BaseException as error:  # thrown in by the consumer: it is the generator's to handle
                step, value = generator.throw, error
            stream.resume()
    finally:
        stream.abandon()


def _close(generator: Generator[Any, Any, Any], stream: Stream, leaving: GeneratorExit) -> None:
    try:
        generator.close()
    except BaseException as error:
        stream.fail(error)
        raise
    stream.fail(leaving)


def _around_async_generator(func: Wrapped, spec: Spec) -> Wrapped:
    def call(*args: Any, **kwargs: Any) -> Any:
        generator = func(*args, **kwargs)
        stream = begin_stream(spec, args, kwargs)
        return generator if stream is None else _drive_async(generator, stream)

    return call


async def _drive_async(generator: AsyncGenerator[Any, Any], stream: Stream) -> AsyncGenerator[Any, Any]:
    """Run an async generator step by step; its operation is current only while its own code runs."""
    step, value = generator.asend, None
    stream.open()
    try:
        try:
            await stream.wait()
        except BaseException as error:
            stream.fail(error)
            raise
        while True:
            try:
                chunk = await step(value)
            except StopAsyncIteration:
                stream.finish(None)
                return
            except BaseException as error:
                stream.fail(error)
                raise
            stream.suspend(chunk)
            try:
                step, value = generator.asend, (yield chunk)
            except GeneratorExit as leaving:
                stream.resume()
                await _aclose(generator, stream, leaving)
                raise
            except BaseException as error:  # thrown in by the consumer: it is the generator's to handle
                step, value = generator.athrow, error
            stream.resume()
    finally:
        stream.abandon()


async def _aclose(generator: AsyncGenerator[Any, Any], stream: Stream, leaving: GeneratorExit) -> None:
    try:
        await generator.aclose()
    except BaseException as error:
        stream.fail(error)
        raise
    stream.fail(leaving)
