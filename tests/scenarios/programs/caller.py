"""A run that goes on in a subprocess, in a thread pool and in an HTTP service of another process."""

import json
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from opentelemetry import propagate

import foretell

foretell.init("caller")


def work(name: str) -> None:
    with foretell.tool(name):
        pass


with foretell.agent("caller") as op:
    subprocess.run([sys.executable, *sys.argv[1:2]], env=foretell.child_env(), check=True)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(foretell.propagate(work), "pooled").result()
    headers: dict[str, str] = {}
    propagate.inject(headers)
    with foretell.tool("asks"):
        request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[2]}/", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            answered = json.load(answer)
print("run", op.run_id)
print("served", answered["run"])
