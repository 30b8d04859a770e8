# /// script
# dependencies = ["jinja2"]
# [tool.slim]
# ci = true
# event = {extensions = ["jinja2.ext.loopcontrols", "jinja2.ext.i18n"]}
# ///
"""The tests of templates live in jinja2/tests.py, extensions are named by strings."""

import jinja2
from jinja2 import sandbox

TEMPLATE = "{% for n in names if n is string %}{{ loop.index }}{{ n|title }}{% endfor %}{{ 7 is divisibleby 7 }}{{ x|default('d')|upper }}"


def lambda_handler(event, context):
    loader = jinja2.DictLoader(
        {
            "page": TEMPLATE,
            "child": "{% extends 'base' %}{% block b %}x{% endblock %}",
            "base": "<{% block b %}{% endblock %}>",
        }
    )
    environment = jinja2.Environment(loader=loader, extensions=event["extensions"], enable_async=True)
    said = environment.get_template("page").render(names=["ann", 3, "bob"])
    environment.install_null_translations()
    loop = environment.from_string(
        "{% for i in range(9) %}{% if i > 2 %}{% break %}{% endif %}{{ i }}{% endfor %}{% trans %}hello{% endtrans %}"
    )
    try:
        sandbox.SandboxedEnvironment().from_string("{{ ''.__class__.mro() }}").render()
        safe = False
    except jinja2.exceptions.SecurityError:
        safe = True
    return {
        "said": said,
        "child": environment.get_template("child").render(),
        "safe": safe,
        "tests": len(environment.tests),
        "loop": loop.render(),
    }
