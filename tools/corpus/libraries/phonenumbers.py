# /// script
# dependencies = ["phonenumbers"]
# [tool.slim]
# event = {numbers = ["+493012345678", "+442083661177", "+819012345678", "+16502530000"]}
# ///
"""Data of regions are modules whose names are made from the number."""

import phonenumbers
from phonenumbers import carrier, geocoder, timezone


def lambda_handler(event, context):
    told = []
    for text in event["numbers"]:
        number = phonenumbers.parse(text)
        told.append(
            [
                phonenumbers.is_valid_number(number),
                phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL),
                geocoder.description_for_number(number, "en"),
                carrier.name_for_number(number, "en"),
                timezone.time_zones_for_number(number),
            ]
        )
    short = phonenumbers.is_emergency_number("112", "DE")
    return {"told": told, "short": short, "typed": phonenumbers.AsYouTypeFormatter("US").input_digit("6")}
