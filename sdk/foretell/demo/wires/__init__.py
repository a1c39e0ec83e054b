"""The formats in which a model server is spoken to: one file for each, and the table of all."""

from __future__ import annotations

from foretell.demo.wires.anthropic import AnthropicMessages
from foretell.demo.wires.bedrock import BedrockConverse
from foretell.demo.wires.cohere import CohereChat
from foretell.demo.wires.gemini import GeminiContent
from foretell.demo.wires.groq import GroqChat
from foretell.demo.wires.ollama import OllamaChat
from foretell.demo.wires.openai_chat import OpenAIChat
from foretell.demo.wires.openai_embeddings import OpenAIEmbeddings
from foretell.demo.wires.openai_responses import OpenAIResponses
from foretell.demo.wires.wire import Wire

WIRES: tuple[Wire, ...] = (
    OpenAIChat(),  # Mistral's, DeepSeek's, vLLM's and many others' too
    GroqChat(),
    OpenAIResponses(),
    OpenAIEmbeddings(),
    AnthropicMessages(),
    GeminiContent(),
    BedrockConverse(),
    OllamaChat(),
    CohereChat(),
)
"""The first whose path fits a request reads and answers it."""
