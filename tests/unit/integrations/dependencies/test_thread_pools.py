"""What is submitted to a pool runs under what was current then, and nothing of it stays in the pool's threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.trace import get_current_span

from foretell.integrations.dependencies.threads import switch_on


@pytest.fixture
def pool(world):
    undo = switch_on(world.wiring)
    with ThreadPoolExecutor(1) as pool:
        yield pool
    undo()


def current(*_):
    return get_current_span().get_span_context().span_id


def test_work_belongs_to_whoever_submits_it(world, pool):
    with world.around("invoke_agent"):
        inside = current()
        found = [pool.submit(current).result(), *pool.map(current, "ab")]

    assert [inside] * 3 == found
    assert 0 == pool.submit(current).result()


def test_arguments_results_and_errors_are_the_works_own(world, pool):
    with world.around("invoke_agent"):
        assert {"a": 1} == pool.submit(dict, a=1).result()
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result()


def test_switched_off_pools_are_what_they_were(world):
    before = ThreadPoolExecutor.submit
    switch_on(world.wiring)()

    assert ThreadPoolExecutor.submit is before
