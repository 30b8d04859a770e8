# /// script
# dependencies = ["google-api-python-client"]
# [tool.slim]
# event = {apis = [["sheets", "v4"], ["calendar", "v3"]]}
# ///
"""Discovery documents are data files, opened by the name of the API."""

from googleapiclient import discovery
from googleapiclient.http import HttpMock, MediaInMemoryUpload


def lambda_handler(event, context):
    told = {}
    for name, version in event["apis"]:
        service = discovery.build(
            name, version, developerKey="k", http=HttpMock(headers={"status": "200"}), static_discovery=True
        )
        told[name] = [service._baseUrl, sorted(n for n in dir(service) if not n.startswith("_"))[:5]]
    drive = discovery.build("drive", "v3", developerKey="k", http=HttpMock(headers={"status": "200"}))
    request = drive.files().create(body={"name": "a"}, media_body=MediaInMemoryUpload(b"x", "text/plain"))
    return {"told": told, "method": request.method, "upload": request.uri.split("?")[0]}
