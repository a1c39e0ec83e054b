"""The shop behind the desk: a database of orders, a carrier and a payment service, all real, all on this machine."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any

ORDERS = (
    # order_id, customer, item, category, price, days since delivery (None: on its way), tracking
    (1042, "Ann", "headset", "electronics", 89.00, None, "DX-1042"),
    (1017, "Ben", "kettle", "kitchen", 49.90, 9, "DX-1017"),
    (1029, "Cleo", "rain jacket", "clothing", 120.00, 61, "DX-1029"),
    (1033, "Dev", "desk lamp", "home", 35.50, None, "DX-1033"),
    (1020, "Eve", "blender", "kitchen", 75.25, 3, "DX-1020"),
    (1051, "Finn", "camera bag", "accessories", 59.00, None, "DX-1051"),
    (1064, "Ida", "pair of boots", "clothing", 99.95, None, "DX-1064"),
)
SHIPMENTS: dict[str, dict[str, Any]] = {
    "DX-1042": {"status": "out for delivery", "expected": "today"},
    "DX-1033": {"status": "unknown", "expected": None},
    "DX-1064": {"status": "in transit", "expected": "tomorrow"},
    "DX-1051": {"status": "in transit", "expected": "on Friday", "delay_s": 1.2},
}
BROKEN_PAYMENTS = frozenset({1020})
"""Orders whose refund the payment service cannot make: its bank is down."""
REFUND_DAYS = 30


@dataclass(frozen=True, slots=True)
class Shop:
    """Where the desk's tools find what they ask."""

    database: Path
    services_url: str

    def find_order(self, order_id: int) -> dict[str, Any] | None:  # a row
        """Return an order from the database; None when there is no such order."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
        return None if row is None else dict(row)

    def note_refund(self, order_id: int, amount: float, reference: str) -> None:
        """Write down that an order was refunded."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("INSERT INTO refunds VALUES (?, ?, ?)", (order_id, amount, reference))


class ShopRunner:
    """Opens a shop in a directory and closes it again: `with ShopRunner(directory) as shop`."""

    def __init__(self, directory: Path) -> None:
        """Make the database and the services; they answer from `__enter__` on."""
        self._database = directory / "shop.db"
        self._server = _Services(("127.0.0.1", 0), _Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="demo-services", daemon=True)

    def __enter__(self) -> Shop:
        """Open the shop."""
        fill_database(self._database)
        self._thread.start()
        return Shop(self._database, f"http://127.0.0.1:{self._server.server_address[1]}")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Close the shop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def fill_database(path: Path) -> None:
    """Make the shop's database with its orders."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer TEXT, item TEXT, category TEXT, price REAL,"
            " days_since_delivery INTEGER, tracking TEXT)"
        )
        connection.execute("CREATE TABLE refunds (order_id INTEGER, amount REAL, reference TEXT)")
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)", ORDERS)


class _Services(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that gave up waiting is part of the show."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer as the carrier where a shipment is."""
        shipment = dict(SHIPMENTS.get(self.path.rpartition("/")[2], {}))
        time.sleep(shipment.pop("delay_s", 0.015))
        if shipment:
            self._send(200, shipment)
        else:
            self._send(404, {"error": "no such shipment"})

    def do_POST(self) -> None:
        """Answer as the payment service, which pays back."""
        order = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        time.sleep(0.03)
        if order["order_id"] in BROKEN_PAYMENTS:
            self._send(503, {"error": "the bank does not answer"})
        else:
            self._send(200, {"reference": f"RF-{order['order_id']}", "amount": order["amount"]})

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on standard error."""
