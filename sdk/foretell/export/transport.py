"""Sends encoded requests to a collector over one connection that is kept open, and tries again where that helps."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from os import getpid
from random import Random
from threading import Event
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final, Protocol

from foretell.export.endpoints import choose_proxy, read_proxies
from foretell.export.otlp.split import read_partial_success

if TYPE_CHECKING:
    from foretell.export.endpoints import Endpoint
    from foretell.export.waiting import Body

NO_LIMIT_S: Final = float("inf")
RETRYABLE: Final = frozenset({429, 502, 503, 504})
MAX_REQUEST_BYTES: Final = 64 * 2**20
JITTER: Final = 0.2
USER_AGENT: Final = "foretell-otlp-python"
# Level 1 takes 15 µs a span where level 9 takes 90, for bytes that are a quarter more.
GZIP_LEVEL: Final = 1


class Fate(Enum):
    """What became of a request."""

    SENT = "sent"
    REFUSED = "refused"
    """The collector will never take it."""
    TOO_LARGE = "too_large"
    """Half of it may do."""
    UNREACHABLE = "unreachable"
    """Later may do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request, and why."""

    fate: Fate
    reason: str = ""
    """`http_503`, `connection`, `rejected` …: a label for counting."""
    rejected: int = 0
    """Items that the collector left out although it took the request."""
    detail: str = ""
    """For people."""
    retry_after_s: float | None = None
    """How long the collector asked to be left alone."""


SENT: Final = Answer(Fate.SENT)


class Transport(Protocol):
    """Carries requests of one signal to one collector. Used by one thread at a time."""

    def send(self, body: bytes | Body, *, retry: bool = True, timeout_s: float = NO_LIMIT_S) -> Answer:
        """Send one encoded request. Never raises.

        Blocks no longer than the endpoint's time-out or `timeout_s`, retries included.
        """

    def stop(self) -> None:
        """End any waiting now; what is sent afterwards is tried once."""

    def close(self) -> None:
        """Let go of the connection; it is opened again when needed."""

    def after_fork(self) -> None:
        """Leave the parent's connection to the parent and open an own one when needed."""


class Nowhere:
    """In place of a transport that hangs: everything is to be tried later."""

    def send(self, body: bytes | Body, *, retry: bool = True, timeout_s: float = NO_LIMIT_S) -> Answer:
        """Send nothing."""
        return Answer(Fate.UNREACHABLE, "shutdown")

    def stop(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def after_fork(self) -> None:
        """Nothing is shared."""


def make_transport(endpoint: Endpoint, values: Mapping[str, str], *, user_agent: str = USER_AGENT) -> Transport:
    """The transport that fits an endpoint's protocol; proxies come from `values`, an environment.

    Raises `MissingExtra` where gRPC is asked for and not installed.
    """
    if endpoint.protocol == "grpc":
        from foretell.export.grpc_transport import GrpcTransport

        return GrpcTransport(endpoint, user_agent=user_agent)
    return HttpTransport(endpoint, proxies=read_proxies(values), user_agent=user_agent)


def backoff_s(attempt: int, random: Random) -> float:
    """Seconds before trying again: 1, 2, 4 …, up to a fifth more or less, so that many processes do not march in step."""
    return 2.0 ** min(attempt, 6) * (1 + JITTER * (2 * random.random() - 1))


def read_retry_after(header: str | None, now_s: float) -> float | None:
    """Seconds that a `Retry-After` asks for, as a number or as a date; None where there is none or it makes no sense."""
    if not header:
        return None
    try:
        wait_s = float(header)
    except ValueError:
        from email.utils import parsedate_to_datetime

        try:
            wait_s = parsedate_to_datetime(header).timestamp() - now_s
        except (TypeError, ValueError):
            return None
    return max(0.0, wait_s) if isfinite(wait_s) else None


def compress(body: bytes, compression: str) -> bytes:
    """The body as the endpoint wants it: as `gzip` or `deflate`."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31 if compression == "gzip" else 15)
    return packer.compress(body) + packer.flush()


def send_with_retries(
    send_once: Callable[[float], Answer],
    timeout_s: float,
    *,
    stop: Event,
    random: Random,
    clock: Callable[[], float] = monotonic,
    wait: Callable[[float], bool] | None = None,
) -> Answer:
    """Call `send_once(seconds_left)` until it succeeds, is refused, or the next wait would be over the time-out.

    `wait` gives True where waiting was ended from outside; by default it waits for `stop`.
    """
    deadline = clock() + timeout_s
    attempt = 0
    while True:
        answer = send_once(max(0.001, deadline - clock()))
        if answer.fate is not Fate.UNREACHABLE or stop.is_set():
            return answer
        pause = backoff_s(attempt, random) if answer.retry_after_s is None else answer.retry_after_s
        if clock() + pause >= deadline or (wait or stop.wait)(pause):
            return answer
        attempt += 1


class HttpTransport:
    """OTLP over HTTP, as protobuf or JSON (protocol `Transport`)."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        proxies: Mapping[str, str] | None = None,
        user_agent: str = USER_AGENT,
        random: Random | None = None,
        clock: Callable[[], float] = monotonic,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """Prepare for an endpoint; nothing is opened yet.

        `proxies` are URLs by scheme, and under `no` the hosts to reach without one, as the environment has them.
        """
        self._endpoint = endpoint
        self._proxy = choose_proxy(endpoint.url, proxies or {})
        self._random = random or Random()  # spreads retries, hides nothing
        self._clock, self._wall_clock = clock, wall_clock
        self._stop = Event()
        self._pid = getpid()
        self._pool: Any = None  # urllib3 is imported when the first request is sent
        self._headers = {
            "user-agent": user_agent,
            "content-type": "application/json" if endpoint.protocol == "http/json" else "application/x-protobuf",
            **({} if endpoint.compression == "none" else {"content-encoding": endpoint.compression}),
            **endpoint.headers,
        }

    def send(self, body: bytes | Body, *, retry: bool = True, timeout_s: float = NO_LIMIT_S) -> Answer:
        """Send one encoded request, with retries unless told otherwise."""
        from opentelemetry.instrumentation.utils import suppress_instrumentation

        if len(body) > MAX_REQUEST_BYTES:
            return Answer(Fate.TOO_LARGE, "too_large", detail=f"{len(body)} bytes are over {MAX_REQUEST_BYTES}")
        content = self._prepare(body)
        headers = {**self._headers, "content-length": str(len(content))}
        timeout_s = min(timeout_s, self._endpoint.timeout_s)
        with suppress_instrumentation():
            if not retry:
                return self._send_once(content, headers, timeout_s)
            return send_with_retries(
                lambda left_s: self._send_once(content, headers, left_s),
                timeout_s,
                stop=self._stop,
                random=self._random,
                clock=self._clock,
            )

    def stop(self) -> None:
        """End any waiting now."""
        self._stop.set()

    def close(self) -> None:
        """Let go of the connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.clear()

    def after_fork(self) -> None:
        """Leave the parent's connection to the parent."""
        self._pool = None
        self._stop = Event()

    def _prepare(self, body: bytes | Body) -> bytes | Body:
        if self._endpoint.protocol == "http/json":
            from foretell.export.otlp.json_body import request_to_json

            body = request_to_json(bytes(body), self._endpoint.signal)
        return body if self._endpoint.compression == "none" else compress(bytes(body), self._endpoint.compression)

    def _send_once(self, content: bytes | Body, headers: Mapping[str, str], timeout_s: float) -> Answer:
        import urllib3
        from urllib3.exceptions import HTTPError, ProtocolError

        for is_second in (False, True):
            try:
                response = self._open().request(
                    "POST",
                    self._endpoint.url,
                    body=content,
                    headers=headers,
                    timeout=urllib3.Timeout(total=timeout_s),
                    retries=False,
                )
            except ProtocolError as error:
                # A kept connection may have been closed just now: once more at once, on a new one.
                if is_second:
                    return Answer(Fate.UNREACHABLE, "connection", detail=str(error))
            except (HTTPError, OSError) as error:
                return Answer(Fate.UNREACHABLE, "connection", detail=f"{type(error).__name__}: {error}")
            else:
                return self._judge(response)
        raise AssertionError  # both turns of the loop return

    def _judge(self, response: Any) -> Answer:  # urllib3.BaseHTTPResponse
        status = response.status
        if 200 <= status < 300:
            rejected, message = _read_success(response)
            return Answer(Fate.SENT, "rejected" if rejected else "", rejected, message) if rejected or message else SENT
        detail = response.data[:300].decode(errors="replace")
        if status == 413:
            return Answer(Fate.TOO_LARGE, "http_413", detail=detail)
        if status in RETRYABLE:
            wait_s = read_retry_after(response.headers.get("retry-after"), self._wall_clock())
            return Answer(Fate.UNREACHABLE, f"http_{status}", detail=detail, retry_after_s=wait_s)
        return Answer(Fate.REFUSED, f"http_{status}", detail=detail)

    def _open(self) -> Any:
        if self._pid != getpid():
            # A forked child that nobody told: two processes writing into one connection would mix their requests.
            self._pid, self._pool = getpid(), None
        if self._pool is None:
            import urllib3

            endpoint = self._endpoint
            options: dict[str, Any] = {"num_pools": 1, "maxsize": 1}
            if endpoint.url.startswith("https"):
                options |= {
                    "ca_certs": endpoint.certificate,
                    "cert_file": endpoint.client_certificate,
                    "key_file": endpoint.client_key,
                }
            self._pool = urllib3.ProxyManager(self._proxy, **options) if self._proxy else urllib3.PoolManager(**options)
        return self._pool


def _read_success(response: Any) -> tuple[int, str]:
    data = response.data
    if not data:
        return 0, ""
    if "json" not in response.headers.get("content-type", ""):
        return read_partial_success(data)
    import json

    try:
        partial = json.loads(data).get("partialSuccess") or {}
        counts = [int(value) for name, value in partial.items() if name.startswith("rejected")]
        return sum(counts), str(partial.get("errorMessage", ""))
    except (ValueError, TypeError, AttributeError):
        return 0, ""
