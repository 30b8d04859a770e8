# /// script
# dependencies = ["twilio"]
# [tool.slim]
# event = {domains = ["conversations", "verify", "studio", "video"]}
# ///
"""The tree of the client is imported in properties; one package is named test."""

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VideoGrant
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse


def lambda_handler(event, context):
    client = Client("AC" + "0" * 32, "token")
    voice = VoiceResponse()
    voice.dial(callerId="1").number("2")
    domains = [type(getattr(client, name)).__module__ for name in event["domains"]]
    validator = RequestValidator("token")
    signed = validator.validate("https://a/", {"a": "b"}, validator.compute_signature("https://a/", {"a": "b"}))
    token = AccessToken("AC1", "SK1", "secret" * 8, identity="i", grants=[VideoGrant(room="r")]).to_jwt()
    return {
        "voice": str(voice),
        "domains": domains,
        "signed": signed,
        "token": len(token) > 100,
        "uri": client.api.v2010.account.messages._uri,
    }
