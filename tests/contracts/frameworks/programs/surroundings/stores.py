"""Looks things up in vector stores, in this process: `stores.py <question> <store> …`."""

import asyncio
import sys

question, *stores = sys.argv[1:]
TEXTS = {"1": "Zyxoparis is sunny.", "2": "Zyxorome is rainy.", "3": "Zyxolima is foggy."}


def embed(text):
    return [float("paris" in text), float("rome" in text), float("lima" in text), 0.1]


def chroma():
    import chromadb

    class Letters(chromadb.EmbeddingFunction):
        def __init__(self):
            pass

        def __call__(self, input):
            return [embed(text) for text in input]

    collection = chromadb.EphemeralClient().create_collection("weather", embedding_function=Letters())
    collection.add(ids=list(TEXTS), documents=list(TEXTS.values()))
    return collection.query(query_texts=[question], n_results=2)["documents"][0][0]


def fill(models):
    points = [models.PointStruct(id=int(id), vector=embed(text), payload={"text": text}) for id, text in TEXTS.items()]
    return models.VectorParams(size=4, distance=models.Distance.COSINE), points


def qdrant():
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    size, points = fill(models)
    client.create_collection("weather", vectors_config=size)
    client.upsert("weather", points)
    return client.query_points("weather", query=embed(question), limit=2).points[0].payload["text"]


async def search():
    from qdrant_client import AsyncQdrantClient, models

    client = AsyncQdrantClient(":memory:")
    size, points = fill(models)
    await client.create_collection("weather", vectors_config=size)
    await client.upsert("weather", points)
    return (await client.query_points("weather", query=embed(question), limit=2)).points[0].payload["text"]


def qdrant_async():
    return asyncio.run(search())


def milvus():
    from pymilvus import MilvusClient

    client = MilvusClient("weather.db")
    client.create_collection("weather", dimension=4)
    client.insert("weather", [{"id": int(id), "vector": embed(text), "text": text} for id, text in TEXTS.items()])
    found = client.search("weather", data=[embed(question)], limit=2, output_fields=["text"])
    return found[0][0]["entity"]["text"]


for store in stores:
    print("answered", globals()[store]())
