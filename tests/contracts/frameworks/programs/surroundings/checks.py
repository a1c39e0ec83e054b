"""Somebody's tests of an agent, one of which fails."""

from asking import ask


def test_it_answers():
    assert "sunny" in ask("What is the weather in Zyxoparis?")


def test_it_knows_the_temperature():
    assert "21 degrees" in ask("What is the weather in Zyxorome?")
