# /// script
# dependencies = ["unidecode"]
# [tool.slim]
# event = {texts = ["Москва", "北京", "Größe ß", "ελληνικά", "한국"]}
# ///
"""Tables of characters are modules whose names are made from the character's number."""

from unidecode import unidecode


def lambda_handler(event, context):
    return {"text": [unidecode(text) for text in event["texts"]]}
