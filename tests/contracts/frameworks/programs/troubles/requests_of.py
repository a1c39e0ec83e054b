"""Every way in which clients ask a model: name of the request → what sends it; what is asynchronous is called so."""

QUESTION = [{"role": "user", "content": "Good morning"}]
PACKAGES = {"openai", "anthropic", "google", "botocore", "mistralai", "cohere", "groq", "ollama", "litellm"}


async def read(pieces):
    return [piece async for piece in pieces]


def openai():
    from openai import AsyncOpenAI, OpenAI

    one, other = OpenAI(), AsyncOpenAI()
    chat = {"model": "gpt-4o-mini", "messages": QUESTION}
    response = {"model": "gpt-4o-mini", "input": "Good morning"}

    async def stream():
        async with other.responses.stream(**response) as events:
            return await read(events)

    return {
        "chat": lambda: one.chat.completions.create(**chat),
        "chat stream": lambda: list(one.chat.completions.create(**chat, stream=True)),
        "raw chat": lambda: one.chat.completions.with_raw_response.create(**chat),
        "async chat": lambda: other.chat.completions.create(**chat),
        "response": lambda: one.responses.create(**response),
        "async response": lambda: other.responses.create(**response),
        "async response stream": stream,
        "embedding": lambda: one.embeddings.create(model="text-embedding-3-small", input="Good morning"),
    }


def anthropic():
    from anthropic import Anthropic, AsyncAnthropic

    one, other = Anthropic(), AsyncAnthropic()
    asked = {"model": "claude-sonnet-4-5", "max_tokens": 64, "messages": QUESTION}

    def stream():
        with one.messages.stream(**asked) as events:
            return list(events)

    async def async_stream():
        async with other.messages.stream(**asked) as events:
            return await read(events)

    return {
        "message": lambda: one.messages.create(**asked),
        "beta message": lambda: one.beta.messages.create(**asked),
        "stream": stream,
        "async message": lambda: other.messages.create(**asked),
        "async stream": async_stream,
    }


def google_genai():
    from google import genai

    client = genai.Client()
    aio = client.aio.models
    asked = {"model": "gemini-2.5-flash", "contents": "Good morning"}

    async def stream():
        return await read(await aio.generate_content_stream(**asked))

    return {
        "content": lambda: client.models.generate_content(**asked),
        "stream": lambda: list(client.models.generate_content_stream(**asked)),
        "async content": lambda: aio.generate_content(**asked),
        "async stream": stream,
    }


def bedrock():

    import boto3

    client = boto3.client("bedrock-runtime")
    model = "anthropic.claude-3-haiku-20240307-v1:0"
    messages = [{"role": "user", "content": [{"text": "Good morning"}]}]
    return {
        "converse": lambda: client.converse(modelId=model, messages=messages),
        "stream": lambda: list(client.converse_stream(modelId=model, messages=messages)["stream"]),
    }


def mistral():
    import os

    from mistralai.client import Mistral

    chat = Mistral(api_key="none", server_url=os.environ["MISTRAL_SERVER_URL"]).chat
    asked = {"model": "mistral-small-latest", "messages": QUESTION}

    async def stream():
        return await read(await chat.stream_async(**asked))

    return {
        "chat": lambda: chat.complete(**asked),
        "stream": lambda: list(chat.stream(**asked)),
        "async chat": lambda: chat.complete_async(**asked),
        "async stream": stream,
    }


def cohere():
    import cohere as library

    one, other = library.ClientV2(), library.AsyncClientV2()
    asked = {"model": "command-a-03-2025", "messages": QUESTION}
    return {
        "chat": lambda: one.chat(**asked),
        "stream": lambda: list(one.chat_stream(**asked)),
        "async chat": lambda: other.chat(**asked),
        "async stream": lambda: read(other.chat_stream(**asked)),
    }


def groq():
    from groq import AsyncGroq, Groq

    one, other = Groq().chat.completions, AsyncGroq().chat.completions
    asked = {"model": "llama-3.3-70b-versatile", "messages": QUESTION}
    return {
        "chat": lambda: one.create(**asked),
        "stream": lambda: list(one.create(**asked, stream=True)),
        "async chat": lambda: other.create(**asked),
    }


def ollama():
    import ollama as library

    other = library.AsyncClient()
    asked = {"model": "llama3.2", "messages": QUESTION}

    async def stream():
        return await read(await other.chat(**asked, stream=True))

    return {
        "chat": lambda: library.chat(**asked),
        "own client": lambda: library.Client().chat(**asked),
        "stream": lambda: list(library.chat(**asked, stream=True)),
        "async chat": lambda: other.chat(**asked),
        "async stream": stream,
    }


def litellm():
    import litellm as library

    asked = {"model": "openai/gpt-4o-mini", "messages": QUESTION}

    async def stream():
        return await read(await library.acompletion(**asked, stream=True))

    return {
        "completion": lambda: library.completion(**asked),
        "stream": lambda: list(library.completion(**asked, stream=True)),
        "async completion": lambda: library.acompletion(**asked),
        "async stream": stream,
    }


def find_requests(name):
    return globals()[name]()
