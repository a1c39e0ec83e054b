"""A service that asks a model for each request, by Flask."""

import os

from asking import ask
from flask import Flask, request

app = Flask(__name__)


@app.get("/plain")
def answer():
    return {"answer": ask(request.args["question"]), "pid": os.getpid()}
