# /// script
# dependencies = ["holidays"]
# [tool.slim]
# event = {countries = {DE = "de", BR = "pt_BR", JP = "en_US", US = "th"}, market = "NYSE"}
# ///
"""Countries are modules named in a registry, imported with their names."""

import holidays


def lambda_handler(event, context):
    told = {
        code: holidays.country_holidays(code, years=2024, language=language).get("2024-12-25")
        for code, language in event["countries"].items()
    }
    return {
        "told": told,
        "market": holidays.financial_holidays(event["market"], years=2024).get("2024-07-04"),
        "listed": len(holidays.list_supported_countries()) > 100,
    }
