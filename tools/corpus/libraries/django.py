# /// script
# dependencies = ["django"]
# [tool.slim]
# event = {command = "migrate", languages = ["de", "fr", "ja"]}
# ///
"""Settings name middleware, applications and engines by strings; commands and tags are found by folder."""

import io

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="k",
    ROOT_URLCONF="app",
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.humanize",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.contrib.sessions.middleware.SessionMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    USE_I18N=True,
)
django.setup()
from django.core.management import call_command, get_commands
from django.http import HttpResponse
from django.template import engines
from django.test import Client
from django.urls import path, reverse
from django.utils import translation
from django.utils.formats import date_format

urlpatterns = [path("hello/<int:count>/", lambda request, count: HttpResponse(f"hi {count}"), name="hello")]


def lambda_handler(event, context):
    import datetime

    page = engines["django"].from_string("{% load humanize i18n %}{{ n|intcomma }} {% translate 'Monday' %}")
    told = {}
    for language in event["languages"]:
        with translation.override(language):
            told[language] = [page.render({"n": 1234567}), date_format(datetime.date(2024, 2, 29))]
    out = io.StringIO()
    call_command(event["command"], stdout=out, verbosity=1)
    from django.contrib.auth.models import User

    User.objects.create_user("a", password="p")
    user = User.objects.get(username="a")
    return {
        "url": reverse("hello", args=[3]),
        "get": Client().get("/hello/3/").content.decode(),
        "told": told,
        "commands": len(get_commands()),
        "migrated": "auth.0001_initial" in out.getvalue(),
        "password": user.check_password("p"),
    }
