# /// script
# dependencies = ["humanize", "wtforms", "arrow"]
# [tool.slim]
# event = {locales = ["de_DE", "ru_RU", "pt_BR"]}
# ///
"""Translations are .mo files, found by folder beside the code."""

import datetime

import arrow
import humanize
from wtforms import Form, IntegerField, validators


class Count(Form):
    class Meta:
        locales = ["de"]

    count = IntegerField(validators=[validators.InputRequired()])


def lambda_handler(event, context):
    told = {}
    for name in event["locales"]:
        humanize.i18n.activate(name)
        told[name] = [
            humanize.naturaldelta(datetime.timedelta(days=40)),
            humanize.intword(12345678),
            arrow.get(0).shift(days=-3).humanize(arrow.get(0), locale=name),
        ]
    form = Count()
    form.validate()
    return {"told": told, "errors": form.errors}
