"""A service that asks a model for each request, by FastAPI."""

import os

from asking import ask, ask_async
from fastapi import FastAPI

app = FastAPI()


@app.get("/async")
async def answer_async(question: str):
    return {"answer": await ask_async(question), "pid": os.getpid()}


@app.get("/plain")
def answer(question: str):
    return {"answer": ask(question), "pid": os.getpid()}
