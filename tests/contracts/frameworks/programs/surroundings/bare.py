"""A service that asks a model for each request, by Starlette alone."""

from asking import ask
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


def answer(request):
    return JSONResponse({"answer": ask(request.query_params["question"])})


app = Starlette(routes=[Route("/plain", answer)])
