"""Sending through TLS and proxies: certificates are checked, ours is shown, and a proxy is asked first."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.request import Request, urlopen

import pytest
import trustme

from foretell.export.endpoints import Endpoint
from foretell.export.otlp.spans import encode_span
from foretell.export.otlp.wire import join_request, resource_field, scope_field
from foretell.export.transport import Fate, HttpTransport
from tests.contracts.collector import Collector

pytestmark = pytest.mark.slow
BODY = join_request(resource_field({}), scope_field("foretell"), [encode_span(7, 1, None, "n", 1, 1, 2, {})])


@pytest.fixture(scope="module")
def authority():
    """Who signs the certificates of these tests."""
    return trustme.CA()


@pytest.fixture
def open_collector(authority):
    """Opens collectors that speak TLS, with or without asking for the client's certificate."""
    opened = []

    def open_one(*, asks: bool = False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(context)
        opened.append(Collector(tls=context))
        return opened[-1]

    yield open_one
    for collector in opened:
        collector.close()


@pytest.fixture
def trusted(authority, tmp_path):
    """The file with the authority's certificate."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def send(collector, **changes):
    """Send one request to the collector; give the answer."""
    sender = HttpTransport(Endpoint(f"{collector.url}/v1/traces", timeout_s=5.0, **changes), random=Random(1))
    answer = sender.send(BODY, retry=False)
    sender.close()
    return answer


def test_a_certificate_of_the_given_authority_is_trusted(open_collector, trusted):
    """And the request arrives with its headers."""
    collector = open_collector()

    assert Fate.SENT is send(collector, certificate=trusted, headers={"authorization": "Bearer t"}).fate
    ((path, headers, body),) = collector.requests
    assert ("/v1/traces", "Bearer t", BODY) == (path, headers["authorization"], body)


def test_a_certificate_of_nobody_known_is_refused(open_collector):
    """Nothing is sent to it, and the answer says why."""
    collector = open_collector()
    answer = send(collector)

    assert Fate.UNREACHABLE is answer.fate
    assert "certificate verify failed" in answer.detail.lower()
    assert [] == collector.requests


def test_our_certificate_is_shown_where_one_is_asked_for(open_collector, authority, trusted, tmp_path):
    """Without it the collector hangs up."""
    own = authority.issue_cert("agent@example.org")
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    own.private_key_pem.write_to_path(key)
    for pem in own.cert_chain_pems:
        pem.write_to_path(chain, append=True)
    collector = open_collector(asks=True)

    assert Fate.UNREACHABLE is send(collector, certificate=trusted).fate
    shown = {"client_key": str(key), "client_certificate": str(chain)}
    assert Fate.SENT is send(collector, certificate=trusted, **shown).fate


PROGRAM = """
import foretell
@foretell.instrument_agent
def work():
    return 1
foretell.init("tls")
work()
foretell.shutdown()
"""


def test_a_program_sends_through_tls_by_the_standard_variables(open_collector, trusted, tmp_path):
    """`OTEL_EXPORTER_OTLP_CERTIFICATE` and `_HEADERS` are all that it takes."""
    collector = open_collector()
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_CERTIFICATE": trusted,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-team=support%20desk",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert {"/v1/traces", "/v1/metrics"} <= {path for path, _, _ in collector.requests}
    assert {"support desk"} == {headers["x-team"] for _, headers, _ in collector.requests}


class Proxy:
    """Passes requests on, and notes what it was asked for."""

    def __init__(self):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked.append(self.path)
                body = self.rfile.read(int(self.headers["content-length"]))
                with urlopen(Request(self.path, body, {"content-type": self.headers["content-type"]})) as answer:
                    self.send_response(answer.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        """Hang up."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.mark.parametrize(("no_proxy", "is_asked"), [("", True), ("127.0.0.1", False)])
def test_a_proxy_is_asked_unless_the_host_is_excepted(no_proxy, is_asked):
    """As `HTTP_PROXY` and `NO_PROXY` say it."""
    collector, proxy = Collector(), Proxy()
    endpoint = Endpoint(f"{collector.url}/v1/traces", timeout_s=5.0)
    sender = HttpTransport(endpoint, random=Random(1), proxies={"http": proxy.url, "no": no_proxy})
    answer = sender.send(BODY, retry=False)
    sender.close()
    proxy.close()
    collector.close()

    assert Fate.SENT is answer.fate
    assert 1 == len(collector.requests)
    assert ([f"{collector.url}/v1/traces"] if is_asked else []) == proxy.asked
