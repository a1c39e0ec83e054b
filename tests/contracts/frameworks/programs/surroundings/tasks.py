"""Celery's worker and its one task; a directory is the broker, and another one keeps results."""

from pathlib import Path

from asking import ask
from celery import Celery

HERE = Path.cwd()
for name in ("queue", "results"):
    (HERE / name).mkdir(exist_ok=True)
app = Celery("tasks", broker="filesystem://", backend=f"file://{HERE}/results")
app.conf.update(
    broker_transport_options={
        "data_folder_in": f"{HERE}/queue",
        "data_folder_out": f"{HERE}/queue",
        "polling_interval": 0.05,
    },
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=False,
)


@app.task(name="tasks.answer")
def answer(question):
    return ask(question)


@app.task(name="tasks.fail")
def fail(question):
    raise LookupError("there is no such city")
