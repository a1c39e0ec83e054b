"""Bodies as the providers send them: whole responses and the chunks of streams, as dicts."""

from __future__ import annotations

from typing import Any

OPENAI_CHAT = {
    "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    "object": "chat.completion",
    "created": 1741570283,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello!", "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 2006,
        "completion_tokens": 300,
        "total_tokens": 2306,
        "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 192,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    },
    "service_tier": "default",
    "system_fingerprint": "fp_44709d6fcb",
}


def openai_chunk(choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-123",
        "object": "chat.completion.chunk",
        "created": 1694268190,
        "model": "gpt-4o-mini",
        "system_fingerprint": "fp_44709d6fcb",
        "choices": choices,
        "usage": usage,
    }


OPENAI_STREAM = [
    openai_chunk(
        [{"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}]
    ),
    openai_chunk([{"index": 0, "delta": {"content": "Hello"}, "logprobs": None, "finish_reason": None}]),
    openai_chunk([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]),
    openai_chunk([], {"prompt_tokens": 11, "completion_tokens": 9, "total_tokens": 20}),
]

OPENAI_RESPONSE = {
    "id": "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b",
    "object": "response",
    "created_at": 1741476542,
    "status": "completed",
    "incomplete_details": None,
    "model": "gpt-4.1-2025-04-14",
    "output": [{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": []}],
    "service_tier": "default",
    "usage": {
        "input_tokens": 328,
        "input_tokens_details": {"cached_tokens": 128},
        "output_tokens": 81,
        "output_tokens_details": {"reasoning_tokens": 64},
        "total_tokens": 409,
    },
}

OPENAI_RESPONSE_STREAM = [
    {"type": "response.created", "response": {**OPENAI_RESPONSE, "status": "in_progress", "usage": None}},
    {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "Hi"},
    {"type": "response.completed", "response": OPENAI_RESPONSE},
]

OPENAI_EMBEDDINGS = {
    "object": "list",
    "data": [{"object": "embedding", "embedding": [0.0023064255, -0.009327292, -0.0028842222], "index": 0}],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 8, "total_tokens": 8},
}

OPENAI_AUDIO = {
    "id": "chatcmpl-audio",
    "object": "chat.completion",
    "model": "gpt-4o-audio-preview",
    "choices": [{"index": 0, "message": {"role": "assistant"}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 115,
        "completion_tokens": 260,
        "total_tokens": 375,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 100, "text_tokens": 15, "image_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 200, "text_tokens": 60},
    },
}

ANTHROPIC = {
    "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "Hi! My name is Claude."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 21,
        "cache_read_input_tokens": 188086,
        "cache_creation_input_tokens": 456,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 356},
        "output_tokens": 393,
        "service_tier": "standard",
    },
}

ANTHROPIC_STREAM = [
    {
        "type": "message_start",
        "message": {
            "id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": "claude-sonnet-4-5-20250929",
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": 472,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 2051,
                "output_tokens": 2,
            },
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 89},
    },
    {"type": "message_stop"},
]

GOOGLE = {
    "candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "finish_reason": "STOP", "index": 0}],
    "usage_metadata": {
        "prompt_token_count": 1500,
        "cached_content_token_count": 1000,
        "candidates_token_count": 120,
        "thoughts_token_count": 300,
        "tool_use_prompt_token_count": 50,
        "total_token_count": 1970,
        "prompt_tokens_details": [
            {"modality": "TEXT", "token_count": 1300},
            {"modality": "IMAGE", "token_count": 200},
        ],
        "tool_use_prompt_tokens_details": [{"modality": "TEXT", "token_count": 50}],
        "cache_tokens_details": [{"modality": "TEXT", "token_count": 1000}],
        "candidates_tokens_details": [{"modality": "TEXT", "token_count": 120}],
    },
    "model_version": "gemini-2.5-flash",
    "response_id": "JvLZaPWHLe-T1MkP",
}

GOOGLE_STREAM = [
    {
        "candidates": [{"content": {"parts": [{"text": "Two"}], "role": "model"}, "index": 0}],
        "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 1, "totalTokenCount": 12},
        "modelVersion": "gemini-2.5-flash",
        "responseId": "resp-2",
    },
    {
        "candidates": [
            {"content": {"parts": [{"text": " words"}], "role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": 11,
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 40,
            "totalTokenCount": 56,
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "resp-2",
    },
]

BEDROCK_CONVERSE = {
    "ResponseMetadata": {"RequestId": "b9f6d2a4", "HTTPStatusCode": 200, "HTTPHeaders": {"content-length": "404"}},
    "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
    "stopReason": "end_turn",
    "usage": {
        "inputTokens": 100,
        "outputTokens": 50,
        "totalTokens": 1250,
        "cacheReadInputTokens": 900,
        "cacheWriteInputTokens": 200,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 120}, {"ttl": "5m", "inputTokens": 80}],
    },
    "metrics": {"latencyMs": 1551},
}

BEDROCK_STREAM = [
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"delta": {"text": "Hi"}, "contentBlockIndex": 0}},
    {"contentBlockStop": {"contentBlockIndex": 0}},
    {"messageStop": {"stopReason": "max_tokens"}},
    {
        "metadata": {
            "usage": {"inputTokens": 22, "outputTokens": 71, "totalTokens": 93, "cacheReadInputTokens": 0},
            "metrics": {"latencyMs": 916},
        }
    },
]

BEDROCK_HEADERS = {
    "ResponseMetadata": {
        "RequestId": "b9f6d2a4",
        "HTTPStatusCode": 200,
        "HTTPHeaders": {"x-amzn-bedrock-input-token-count": "14", "x-amzn-bedrock-output-token-count": "40"},
    },
    "contentType": "application/json",
    "body": object(),
}

BEDROCK_METRICS = {
    "type": "message_stop",
    "amazon-bedrock-invocationMetrics": {
        "inputTokenCount": 14,
        "outputTokenCount": 40,
        "invocationLatency": 3213,
        "firstByteLatency": 1027,
        "cacheReadInputTokenCount": 6,
        "cacheWriteInputTokenCount": 0,
    },
}

BEDROCK_TITAN = {
    "inputTextTokenCount": 5,
    "results": [{"tokenCount": 36, "outputText": "Hi", "completionReason": "FINISH"}],
}

BEDROCK_LLAMA = {
    "generation": "Hi",
    "prompt_token_count": 15,
    "generation_token_count": 61,
    "stop_reason": "stop",
}

COHERE = {
    "id": "c14c80c3-18eb-4519-9460-6c92edd8cfb4",
    "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "LLMs are ..."}]},
    "usage": {
        "billed_units": {"input_tokens": 5, "output_tokens": 418},
        "tokens": {"input_tokens": 71, "output_tokens": 418},
    },
}

COHERE_STREAM = [
    {"type": "message-start", "id": "29f14a5a", "delta": {"message": {"role": "assistant"}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "LLM"}}}},
    {
        "type": "message-end",
        "delta": {
            "finish_reason": "COMPLETE",
            "usage": {
                "billed_units": {"input_tokens": 3, "output_tokens": 63},
                "tokens": {"input_tokens": 69, "output_tokens": 65},
            },
        },
    },
]

COHERE_EMBED = {
    "id": "5807ee2e",
    "embeddings": {"float": [[0.01, 0.02]]},
    "texts": ["hello"],
    "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 2}},
}

MISTRAL = {
    "id": "cmpl-e5cc70bb28c444948073e77776eb30ef",
    "object": "chat.completion",
    "model": "mistral-small-latest",
    "usage": {"prompt_tokens": 16, "completion_tokens": 34, "total_tokens": 50},
    "created": 1702256327,
    "choices": [{"index": 0, "message": {"content": "Hi", "role": "assistant"}, "finish_reason": "length"}],
}

OLLAMA = {
    "model": "llama3.2",
    "created_at": "2026-08-04T19:22:45.499127Z",
    "message": {"role": "assistant", "content": "Hi"},
    "done": True,
    "done_reason": "stop",
    "total_duration": 5191566416,
    "load_duration": 2154458,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 383809000,
    "eval_count": 298,
    "eval_duration": 4799921000,
}

OLLAMA_STREAM = [
    {"model": "llama3.2", "message": {"role": "assistant", "content": "Hi"}, "done": False},
    {**OLLAMA, "message": {"role": "assistant", "content": ""}},
]

OPENROUTER = {
    "id": "gen-1761000000-abc",
    "provider": "OpenAI",
    "model": "openai/gpt-4o",
    "object": "chat.completion",
    "choices": [
        {"index": 0, "finish_reason": "stop", "native_finish_reason": "stop", "message": {"role": "assistant"}}
    ],
    "usage": {
        "prompt_tokens": 194,
        "completion_tokens": 2,
        "total_tokens": 196,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 100, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
        "cost": 0.00095,
        "is_byok": False,
        "cost_details": {"upstream_inference_cost": None},
    },
}

DEEPSEEK = {
    "id": "930c60df",
    "object": "chat.completion",
    "model": "deepseek-reasoner",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    "usage": {
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "total_tokens": 1200,
        "prompt_cache_hit_tokens": 640,
        "prompt_cache_miss_tokens": 360,
        "completion_tokens_details": {"reasoning_tokens": 150},
    },
}

XAI = {
    "id": "0daf962f",
    "object": "chat.completion",
    "model": "grok-4-0709",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "303"}}],
    "usage": {
        "prompt_tokens": 32,
        "completion_tokens": 9,
        "total_tokens": 269,
        "prompt_tokens_details": {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 6},
        "completion_tokens_details": {"reasoning_tokens": 228, "audio_tokens": 0},
        "num_sources_used": 0,
    },
}

PERPLEXITY = {
    "id": "8c4dd2e0",
    "model": "sonar-pro",
    "object": "chat.completion",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    "usage": {
        "prompt_tokens": 12,
        "completion_tokens": 315,
        "total_tokens": 327,
        "search_context_size": "low",
        "cost": {"input_tokens_cost": 0.0, "output_tokens_cost": 0.005, "request_cost": 0.006, "total_cost": 0.011},
    },
}

GROQ_STREAM_END = {
    "id": "chatcmpl-f51b2cd2",
    "object": "chat.completion.chunk",
    "model": "llama-3.3-70b-versatile",
    "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    "x_groq": {"id": "req_1", "usage": {"prompt_tokens": 18, "completion_tokens": 556, "total_tokens": 574}},
}

LANGCHAIN = {
    "content": "Hi",
    "type": "ai",
    "id": "run-1",
    "response_metadata": {"model_name": "gpt-4o-mini", "finish_reason": "stop", "system_fingerprint": "fp_1"},
    "usage_metadata": {
        "input_tokens": 100,
        "output_tokens": 40,
        "total_tokens": 140,
        "input_token_details": {"cache_read": 60, "cache_creation": 10},
        "output_token_details": {"reasoning": 30},
    },
}

VOYAGE = {"embeddings": [[0.1, 0.2]], "total_tokens": 12}
