"""A WSGI application that records each request; the ids of its calls are its answer."""

import os
import time

import foretell

foretell.init("web")


def app(environ, start_response):
    with foretell.agent("server") as agent:
        with foretell.tool("look") as tool:
            time.sleep(0.02)
    start_response("200 OK", [("content-type", "text/plain")])
    return [f"{os.getpid()} {agent.id:016x} {tool.id:016x}".encode()]
