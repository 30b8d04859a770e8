# /// script
# dependencies = ["google-auth", "requests"]
# [tool.slim]
# event = {token = "t"}
# ///
"""Methods take the docstrings of those above: one that has its own is refused."""

import google.auth.credentials
import google.auth.transport.requests
import google.oauth2.credentials
import google.oauth2.service_account


def lambda_handler(event, context):
    credentials = google.oauth2.credentials.Credentials(event["token"])
    headers = {}
    credentials.apply(headers)
    anonymous = google.auth.credentials.AnonymousCredentials()
    return {
        "headers": headers,
        "scoped": credentials.with_quota_project("p").quota_project_id,
        "valid": anonymous.valid,
        "session": google.auth.transport.requests.AuthorizedSession(anonymous).trust_env,
        "service": google.oauth2.service_account.Credentials.with_scopes.__name__,
    }
