# /// script
# dependencies = ["faker"]
# [tool.slim]
# event = {locales = ["de_DE", "ja_JP", "en_US", "pt_BR"]}
# ///
"""Providers and locales are found by listing packages."""

from faker import Faker


def lambda_handler(event, context):
    told = {}
    for locale in event["locales"]:
        fake = Faker(locale, use_weighting=False)
        fake.seed_instance(3)
        told[locale] = [fake.name(), fake.city(), fake.iban(), fake.job(), fake.phone_number()]
    return {"told": told}
