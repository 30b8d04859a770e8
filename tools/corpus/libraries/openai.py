# /// script
# dependencies = ["openai"]
# [tool.slim]
# event = {resources = ["responses", "files", "vector_stores", "audio", "fine_tuning", "realtime"]}
# ///
"""Resources are imported on first use; the platform's headers ask for versions."""

import httpx2
import openai
import pydantic


def answer(request):
    return httpx2.Response(
        200,
        json={
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"a": 3}'}}],
        },
        request=request,
    )


class Reply(pydantic.BaseModel):
    a: int


def lambda_handler(event, context):
    client = openai.OpenAI(api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(answer)))
    said = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    parsed = client.chat.completions.parse(model="m", messages=[], response_format=Reply)
    lazily = [type(getattr(client, name)).__name__ for name in event["resources"]]
    return {
        "said": said.choices[0].message.content,
        "parsed": parsed.choices[0].message.parsed.a,
        "lazy": lazily,
        "beta": type(client.beta.threads.runs).__name__,
        "agent": "Python" in client.user_agent,
        "version": openai.__version__,
    }
