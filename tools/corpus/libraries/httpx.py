# /// script
# dependencies = ["httpx[http2]"]
# [tool.slim]
# event = {path = "/x/y"}
# ///
"""Transports, HTTP/2 and the command line are imported where they are used."""

import httpx


def lambda_handler(event, context):
    def answer(request):
        return httpx.Response(200, json={"path": request.url.path}, headers={"content-encoding": "identity"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        said = client.get("https://example.org" + event["path"], params={"q": "ä"})
    real = httpx.Client(http2=True)
    real.close()
    return {
        "said": said.json(),
        "url": str(said.request.url),
        "trust": type(real._transport).__name__,
        "version": httpx.__version__,
        "codes": httpx.codes(404).name,
    }
