# /// script
# dependencies = ["werkzeug"]
# [tool.slim]
# ci = true
# event = {paths = ["/3/a/b", "/nothing"]}
# ///
"""werkzeug.test is no test; the debugger's files lie beside code."""

from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request, Response

RULES = Map([Rule("/<int:a>/<path:rest>", endpoint="one"), Rule("/boom", endpoint="boom")])


@Request.application
def app(request):
    try:
        endpoint, values = RULES.bind_to_environ(request.environ).match()
    except NotFound as error:
        return error
    if endpoint == "boom":
        raise ValueError("boom")
    return Response(f"{endpoint} {sorted(values.items())} {request.form.get('x')}")


def lambda_handler(event, context):
    client = Client(DebuggedApplication(app, evalex=True))
    said = [client.post(path, data={"x": "y"}).text for path in event["paths"]]
    broken = client.get("/boom")
    style = client.get("/?__debugger__=yes&cmd=resource&f=style.css")
    return {
        "said": said,
        "broken": [broken.status_code, "ValueError: boom" in broken.text],
        "style": style.status_code,
        "built": EnvironBuilder(path="/x").get_environ()["PATH_INFO"],
    }
