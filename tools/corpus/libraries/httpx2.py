# /// script
# dependencies = ["httpx2"]
# [tool.slim]
# ci = true
# event = {path = "/x/y"}
# ///
"""Asks for its own version in the metadata; transports are imported where they are used."""

import httpx2


def lambda_handler(event, context):
    def answer(request):
        return httpx2.Response(200, json={"path": request.url.path})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        said = client.get("https://example.org" + event["path"])
    real = httpx2.Client()
    real.close()
    return {"said": said.json(), "trust": type(real._transport).__name__, "version": httpx2.__version__}
