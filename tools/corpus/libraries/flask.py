# /// script
# dependencies = ["flask"]
# [tool.slim]
# ci = true
# event = {path = "/hello/3"}
# ///
"""flask.__version__ asks the metadata; the test client is flask.testing."""

import warnings

import flask
from flask import Flask, render_template_string, session

warnings.simplefilter("ignore")
app = Flask(__name__)
app.secret_key = "k"


@app.get("/hello/<int:count>")
def hello(count):
    session["count"] = count
    return render_template_string("{% for i in range(n) %}{{ i }},{% endfor %}{{ config.DEBUG }}", n=count)


@app.cli.command("go")
def go():
    print("went")


def lambda_handler(event, context):
    answer = app.test_client().get(event["path"])
    ran = app.test_cli_runner().invoke(args=["go"])
    return {
        "text": answer.text,
        "status": answer.status_code,
        "cookie": "session" in answer.headers["Set-Cookie"],
        "ran": ran.output,
        "routes": app.test_cli_runner().invoke(args=["routes"]).exit_code,
        "version": getattr(flask, "__version__", None),
    }
