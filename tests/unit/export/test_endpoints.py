"""Where each signal goes."""

from __future__ import annotations

import pytest

from foretell.errors import SettingError
from foretell.export.endpoints import (
    BatchLimits,
    Endpoint,
    choose_proxy,
    is_given,
    parse_headers,
    read_endpoint,
    read_exporters,
    read_limits,
    read_proxies,
)

BASE = "OTEL_EXPORTER_OTLP"


def test_without_any_variable_a_collector_on_this_machine_is_meant():
    """The specification's defaults."""
    assert Endpoint("http://localhost:4318/v1/traces") == read_endpoint("traces", {})
    assert not is_given("traces", {})


@pytest.mark.parametrize("base", ["https://c.example:8080/otlp", "https://c.example:8080/otlp/"])
@pytest.mark.parametrize("signal", ["traces", "metrics", "logs"])
def test_the_general_endpoint_gets_the_signals_path(base, signal):
    """With or without a slash at its end."""
    assert f"https://c.example:8080/otlp/v1/{signal}" == read_endpoint(signal, {f"{BASE}_ENDPOINT": base}).url


def test_a_signals_own_endpoint_is_used_as_it_is():
    """And it wins over the general one."""
    values = {f"{BASE}_ENDPOINT": "http://a", f"{BASE}_LOGS_ENDPOINT": "http://b:1/in"}

    assert "http://b:1/in" == read_endpoint("logs", values).url
    assert "http://a/v1/traces" == read_endpoint("traces", values).url
    assert is_given("logs", {f"{BASE}_LOGS_ENDPOINT": "http://b"})
    assert not is_given("traces", {f"{BASE}_LOGS_ENDPOINT": "http://b"})


def test_every_other_word_can_be_general_or_a_signals_own():
    """Own first, general else."""
    general = {
        "HEADERS": "a=1",
        "TIMEOUT": "3",
        "COMPRESSION": "gzip",
        "PROTOCOL": "http/json",
        "CERTIFICATE": "ca.pem",
        "CLIENT_KEY": "key.pem",
        "CLIENT_CERTIFICATE": "client.pem",
    }
    values = {f"{BASE}_{word}": value for word, value in general.items()}
    expected = Endpoint(
        "http://localhost:4318/v1/metrics",
        {"a": "1"},
        3.0,
        "gzip",
        "http/json",
        "metrics",
        "ca.pem",
        "key.pem",
        "client.pem",
    )

    assert expected == read_endpoint("metrics", values)
    own = read_endpoint("metrics", {**values, f"{BASE}_METRICS_TIMEOUT": "7", f"{BASE}_METRICS_COMPRESSION": "none"})
    assert (7.0, "none", "http/json") == (own.timeout_s, own.compression, own.protocol)


def test_a_time_out_in_milliseconds_is_understood():
    """The specification counts milliseconds, the official Python SDK seconds: large numbers can only be the former."""
    assert 10.0 == read_endpoint("traces", {f"{BASE}_TIMEOUT": "10000"}).timeout_s
    assert 0.5 == read_endpoint("traces", {f"{BASE}_TIMEOUT": "0.5"}).timeout_s


def test_grpc_keeps_the_endpoint_without_a_path():
    """There the signal is in the method, and the scheme may be missing."""
    values = {f"{BASE}_PROTOCOL": "grpc"}

    assert "http://localhost:4317" == read_endpoint("traces", values).url
    assert "c.example:4317" == read_endpoint("traces", {**values, f"{BASE}_ENDPOINT": "c.example:4317"}).url


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({f"{BASE}_PROTOCOL": "http"}, ("PROTOCOL", "http/protobuf")),
        ({f"{BASE}_COMPRESSION": "gzipp"}, ("COMPRESSION", "=gzip")),
        ({f"{BASE}_TIMEOUT": "soon"}, ("TIMEOUT", "soon")),
        ({f"{BASE}_TIMEOUT": "-1"}, ("TIMEOUT", "-1")),
        ({f"{BASE}_ENDPOINT": "localhost:4318"}, ("ENDPOINT", "http://localhost:4318")),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_write(values, words):
    """Name, value, and the nearest right one."""
    with pytest.raises(SettingError) as refusal:
        read_endpoint("traces", values)

    assert all(word in str(refusal.value) for word in words)


def test_headers_are_decoded():
    """Values are URL-encoded, names come in any case, spaces around do not matter."""
    assert {"api-key": "a b=c", "x": ""} == parse_headers(" Api-Key = a%20b=c , x=,, ")


@pytest.mark.parametrize("text", ["novalue", "=secret", "a=%0d%0aEvil: 1"])
def test_a_header_that_is_none_is_refused_without_repeating_it(text):
    """It may be a secret; and no line break gets into a request."""
    with pytest.raises(SettingError) as refusal:
        parse_headers(text)

    assert text not in str(refusal.value)


def test_exporters_are_a_list_of_words():
    """Default otlp; none wins; the disabled SDK has none."""
    assert ("otlp",) == read_exporters("traces", {})
    assert ("otlp", "console") == read_exporters("traces", {"OTEL_TRACES_EXPORTER": "otlp, console,otlp"})
    assert () == read_exporters("logs", {"OTEL_LOGS_EXPORTER": "none"})
    assert ("prometheus",) == read_exporters("metrics", {"OTEL_METRICS_EXPORTER": "prometheus"})
    assert () == read_exporters("traces", {"OTEL_SDK_DISABLED": "True"})


def test_an_exporter_that_a_signal_has_not_is_refused():
    """Spans cannot be pulled."""
    with pytest.raises(SettingError, match="OTEL_TRACES_EXPORTER='prometheus'"):
        read_exporters("traces", {"OTEL_TRACES_EXPORTER": "prometheus"})


def test_batch_sizes_follow_the_batch_processors_variables():
    """Items and milliseconds."""
    values = {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100", "OTEL_BSP_SCHEDULE_DELAY": "250"}

    assert BatchLimits() == read_limits({})
    assert BatchLimits(batch_items=100, age_s=0.25) == read_limits(values)


def test_proxies_are_read_as_every_program_reads_them():
    """Small names win; hosts listed under no_proxy are reached directly, with all below them."""
    proxies = read_proxies(
        {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2", "NO_PROXY": "intern.example,.local"}
    )

    assert "http://q:2" == choose_proxy("https://c.example", proxies)
    assert choose_proxy("http://c.example", proxies) is None
    assert choose_proxy("https://otel.intern.example:4318", proxies) is None
    assert choose_proxy("https://box.local", proxies) is None
    assert choose_proxy("https://c.example", {**proxies, "no": "*"}) is None


def test_a_header_of_a_web_request_is_no_proxy():
    """In a CGI program HTTP_PROXY comes from the caller."""
    assert {} == read_proxies({"HTTP_PROXY": "http://evil", "REQUEST_METHOD": "GET"})
