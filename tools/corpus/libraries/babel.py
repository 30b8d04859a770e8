# /// script
# dependencies = ["babel"]
# [tool.slim]
# event = {locales = ["de_CH", "ar_EG", "ja_JP", "hi_IN", "pt_BR", "ru"]}
# ///
"""Locale data are pickles that name classes; the locales come with the event."""

import datetime

from babel import Locale
from babel.dates import format_datetime, get_timezone_name
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.numbers import format_currency
from babel.plural import to_gettext
from babel.units import format_unit

WHEN = datetime.datetime(2024, 2, 29, 13, 37, tzinfo=datetime.timezone.utc)


def lambda_handler(event, context):
    told = {}
    for name in event["locales"]:
        money = format_currency(1234567.891, "EUR", locale=name)
        told[name] = [
            money,
            format_datetime(WHEN, "full", locale=name),
            format_list(["a", "b", "c"], locale=name),
            format_unit(3, "length-meter", locale=name),
            to_gettext(Locale.parse(name).plural_form),
        ]
    catalog = Catalog()
    for _, line, message, *_ in extract_from_dir(".", method_map=[("app.py", "python")]):
        catalog.add(message)
    return {"told": told, "zone": get_timezone_name(WHEN, locale="de_DE"), "catalog": len(catalog)}
