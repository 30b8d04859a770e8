# /// script
# dependencies = ["requests", "cryptography"]
# [tool.slim]
# event = {path = "/a?b=ü", forms = {k = "v"}, adapter = "HTTPAdapter", packages = ["urllib3", "idna"]}
# ///
"""Asks other distributions for their versions when it is imported."""

import gzip
import http.server
import sys
import threading

import requests
from requests import adapters
from requests.auth import HTTPDigestAuth


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        away = self.path == "/away"
        self.send_response(302 if away else 200)
        self.send_header(*(("Location", "/b") if away else ("Content-Encoding", "gzip")))
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Set-Cookie", "c=1")
        self.end_headers()
        if not away:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            self.wfile.write(gzip.compress(f'{{"path": "{self.path}", "body": "{body}"}}'.encode()))

    do_POST = do_GET

    def log_message(self, *_):
        pass


def lambda_handler(event, context):
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    with requests.Session() as session:
        session.mount(base, getattr(adapters, event["adapter"])(max_retries=2))
        got = session.get(base + event["path"], auth=HTTPDigestAuth("u", "p"))
        away = session.get(base + "/away")
        sent = session.post(base, data=event["forms"])
        cookies = session.cookies.get_dict()
    try:
        requests.get("https://127.0.0.1:9", timeout=1)
    except requests.ConnectionError as error:
        wrong = type(error).__name__
    server.shutdown()
    return {
        "got": got.json(),
        "away": [one.status_code for one in away.history],
        "sent": sent.json(),
        "cookies": cookies,
        "wrong": wrong,
        "packages": [sys.modules[f"requests.packages.{name}"].__name__ for name in event["packages"]],
        "injected": "urllib3.contrib.pyopenssl" in sys.modules,
        "pem": requests.certs.where().rpartition("/")[2],
    }
