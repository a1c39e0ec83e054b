"""A service by Starlette alone, that asks a model itself or another service."""

import httpx
from asking import ask
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


def answer(request):
    return JSONResponse({"answer": ask(request.query_params["question"])})


async def forward(request):
    async with httpx.AsyncClient(timeout=60) as client:
        address = f"http://127.0.0.1:{request.path_params['port']}/plain"
        return JSONResponse((await client.get(address, params=dict(request.query_params))).json())


app = Starlette(routes=[Route("/plain", answer), Route("/forward/{port}", forward)])
