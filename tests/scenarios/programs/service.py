"""An HTTP service of its own process that continues the run which a request carries."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer

from opentelemetry import context, propagate

import foretell

foretell.init("service")


class Handler(BaseHTTPRequestHandler):
    """Answers with the run that it served."""

    def do_GET(self) -> None:
        """Serve one request under the caller's context."""
        token = context.attach(propagate.extract({name.lower(): value for name, value in self.headers.items()}))
        with foretell.agent("served") as op:
            body = json.dumps({"run": op.run_id}).encode()
        context.detach(token)
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


server = HTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_port)
print("ready", flush=True)
server.handle_request()
foretell.shutdown()
