# /// script
# dependencies = ["google-api-python-client"]
# [tool.slim]
# event = {name = "a"}
# ///
"""Two APIs named in the code: their discovery documents stay, those of 500 others go at max."""

from googleapiclient.discovery import build
from googleapiclient.http import HttpMock


def lambda_handler(event, context):
    nobody = HttpMock(headers={"status": "200"})
    drive = build("drive", "v3", developerKey="k", http=nobody)
    sheets = build(serviceName="sheets", version="v4", developerKey="k", http=nobody)
    found = drive.files().list(q=f"name = '{event['name']}'", fields="files(id)")
    values = sheets.spreadsheets().values().get(spreadsheetId="s", range="A1:B2")
    return {"drive": found.uri, "sheets": values.uri}
