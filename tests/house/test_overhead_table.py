"""The table of costs: what is recorded with contents is compared with what the bare SDK takes for them."""

from __future__ import annotations

from bench.table import sum_up


def row(variant, us, measurement="hot"):
    return {"round": 0, "measurement": measurement, "variant": variant, "process_us": us}


def test_each_is_compared_with_the_bare_sdk_that_records_as_much():
    names = {"plain": 1.0, "bare": 11.0, "bare+content": 21.0, "foretell-content": 6.0, "foretell": 6.0, "peer": 31.0}
    hot = sum_up([row(name, us) for name, us in names.items()])["hot"]

    assert {"bare": 1.0, "bare+content": 2.0, "foretell-content": 0.5, "foretell": 0.25, "peer": 3.0} == {
        name: figures["process_us"]["ratio"] for name, figures in hot.items()
    }


def test_without_it_the_bare_sdk_is_the_measure():
    rows = [row("plain", 1.0, "async"), row("bare", 11.0, "async"), row("foretell", 6.0, "async")]

    assert 0.5 == sum_up(rows)["async"]["foretell"]["process_us"]["ratio"]
