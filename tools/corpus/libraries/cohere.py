# /// script
# dependencies = ["cohere"]
# [tool.slim]
# event = {lazy = ["ToolV2", "ChatbotMessage", "EmbedJob"]}
# ///
"""Types are imported in __getattr__ from a table of relative names."""

import cohere


def lambda_handler(event, context):
    client = cohere.ClientV2(api_key="k")
    lazily = [getattr(cohere, name).__name__ for name in event["lazy"]]
    return {"lazy": lazily, "client": type(client).__name__, "models": type(client.models).__name__}
