"""Values as protobuf bytes."""

from __future__ import annotations

from collections import OrderedDict, deque
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

from foretell.export.otlp.wire import (
    DEPTH_LIMIT,
    TOO_DEEP,
    any_value,
    attributes_field,
    resource_field,
    scope_field,
    varint,
)
from tests.unit.export.otlp.otlp_oracle import canonical, repaired

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=200),
    st.text(st.characters(codec=None), max_size=200),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.tuples(inner, inner), st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


def official(value):
    """The official message of a value: built here from the protocol's own classes."""
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    out = AnyValue()
    if isinstance(value, dict):
        out.kvlist_value.SetInParent()
        for key, item in value.items():
            out.kvlist_value.values.add(key=key, value=official(item))
    else:
        out.array_value.SetInParent()
        out.array_value.values.extend(official(item) for item in value)
    return out


def undelimited(encoded):
    """The message after its length."""
    length, shift = 0, 0
    for at, byte in enumerate(encoded):
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            assert length == len(encoded) - at - 1
            return encoded[at + 1 :]
    raise AssertionError("no length")


def parsed(value):
    """Our encoding, read by the official parser."""
    return AnyValue.FromString(undelimited(any_value(value)))


@settings(max_examples=600, deadline=None)
@given(VALUES)
def test_every_value_is_what_the_protocol_says(value):
    """Whatever built-ins can be nested equals the official message, repaired where that would refuse."""
    expected = official(repaired(value)).SerializeToString(deterministic=True)

    assert expected == canonical(AnyValue, undelimited(any_value(value)))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(st.characters(codec=None)), VALUES, max_size=6))
def test_attributes_keep_their_order_and_values(attributes):
    """Repeated key-value fields, one per attribute, in order; twice the same, from the caches too."""
    expected = KeyValueList()
    for key, value in attributes.items():
        expected.values.add(key=repaired(key), value=official(repaired(value)))

    for _ in range(2):
        assert expected.SerializeToString(deterministic=True) == canonical(
            KeyValueList, attributes_field(b"\x0a", attributes)
        )


@pytest.mark.parametrize("n", [0, 1, 127, 128, 300, 16_383, 16_384, 2**32, 2**63, 2**64 - 1])
def test_a_varint_carries_seven_bits_a_byte(n):
    """Low bits first, the high bit of each byte says that more follows."""
    encoded = varint(n)

    assert n == sum((byte & 127) << 7 * at for at, byte in enumerate(encoded))
    assert all(byte > 127 for byte in encoded[:-1])
    assert encoded[-1] < 128


def test_a_huge_integer_becomes_its_digits():
    """Beyond 64 bits the number stays readable as text."""
    assert str(2**63) == parsed(2**63).string_value
    assert parsed(10**6000).string_value.startswith("0x")


def test_ten_megabytes_go_through_whole():
    """Nothing is cut here: limits are set elsewhere."""
    value = "ä" * 5_000_000

    assert value == parsed(value).string_value
    assert len(value) == len(
        KeyValueList.FromString(attributes_field(b"\x0a", {"k": value})).values[0].value.string_value
    )


def test_foreign_types_are_named_not_run():
    """What OTLP cannot hold is named by its type; none of its own code runs."""

    class Touchy:
        def __str__(self):
            raise RuntimeError

    assert "Touchy>" in parsed(Touchy()).string_value
    assert "Touchy>" in KeyValueList.FromString(attributes_field(b"\x0a", {"k": Touchy()})).values[0].value.string_value


def test_other_sequences_mappings_and_bytes_are_taken_too():
    """Deques, ordered dictionaries, sets, byte arrays and text enums behave like the built-ins that they are like."""

    class Colour(str, Enum):
        RED = "red"

    assert parsed([1, 2]) == parsed(deque([1, 2])) == parsed(range(1, 3))
    assert parsed({"a": 1}) == parsed(OrderedDict(a=1))
    assert parsed(b"x") == parsed(bytearray(b"x")) == parsed(memoryview(b"x"))
    assert parsed([5]) == parsed({5})
    assert parsed("red") == parsed(Colour.RED)


def test_keys_that_are_no_text_become_text():
    """A map with numbers as keys keeps them as digits."""
    value = parsed({1: "a", None: "b", 2.5: "c", (1,): "d"}).kvlist_value

    assert ["1", "None", "2.5", "<tuple>"] == [pair.key for pair in value.values]


def test_what_is_nested_too_deeply_says_so():
    """A value deeper than collectors can read is cut, with a word in its place."""
    value = "core"
    for _ in range(500):
        value = [value]

    assert TOO_DEEP.encode() in any_value(value)
    assert parsed(value).ByteSize() < 10 * DEPTH_LIMIT


def test_a_value_that_contains_itself_ends():
    """A list inside itself is cut where anything too deep is."""
    value: list[object] = []
    value.append(value)

    assert TOO_DEEP.encode() in any_value(value)


def test_resource_and_scope_carry_attributes_and_schema():
    """What stands before the items comes back from the official parser."""
    resource = ResourceSpans.FromString(resource_field({"service.name": "shop"}, "https://example.org/r"))
    scope = ScopeSpans.FromString(scope_field("foretell", "1.0", {"a": 1}, "https://example.org/s"))

    assert ("shop", "https://example.org/r") == (
        resource.resource.attributes[0].value.string_value,
        resource.schema_url,
    )
    assert ("foretell", "1.0", 1, "https://example.org/s") == (
        scope.scope.name,
        scope.scope.version,
        scope.scope.attributes[0].value.int_value,
        scope.schema_url,
    )
    assert InstrumentationScope() == ScopeSpans.FromString(scope_field(None)).scope
