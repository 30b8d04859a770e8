# /// script
# dependencies = ["anthropic"]
# [tool.slim]
# event = {resources = ["messages", "models", "beta"]}
# ///
"""Resources are imported on first use; Bedrock and Vertex clients live in sub-packages."""

import anthropic
import httpx2


def answer(request):
    return httpx2.Response(
        200,
        json={
            "id": "1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [{"type": "text", "text": "hello"}],
            "usage": {"input_tokens": 1, "output_tokens": 1},
        },
        request=request,
    )


def lambda_handler(event, context):
    client = anthropic.Anthropic(api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(answer)))
    said = client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
    lazily = [type(getattr(client, name)).__name__ for name in event["resources"]]
    return {
        "said": said.content[0].text,
        "lazy": lazily,
        "error": anthropic.RateLimitError.__mro__[1].__name__,
        "bedrock": anthropic.AnthropicBedrock.__name__,
        "version": anthropic.__version__,
    }
