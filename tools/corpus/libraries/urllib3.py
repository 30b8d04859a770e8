# /// script
# dependencies = ["urllib3", "cryptography"]
# [tool.slim]
# event = {encodings = ["gzip", "deflate"], fields = {a = "1"}, contrib = "pyopenssl"}
# ///
"""What it can do hangs on what is installed beside it."""

import gzip
import http.server
import threading
import zlib

import urllib3
from urllib3.util import Retry

try:
    from urllib3.contrib import pyopenssl
except ImportError as error:
    missing = str(error)


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind = self.headers["Accept-Encoding"]
        self.send_response(200)
        self.send_header("Content-Encoding", kind)
        self.end_headers()
        self.wfile.write({"gzip": gzip.compress, "deflate": zlib.compress}[kind](self.path.encode()))

    def log_message(self, *_):
        pass


def lambda_handler(event, context):
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pool = urllib3.PoolManager(retries=Retry(1))
    base = f"http://127.0.0.1:{server.server_port}/"
    got = [pool.request("GET", base + one, headers={"Accept-Encoding": one}).data for one in event["encodings"]]
    body, kind = urllib3.encode_multipart_formdata(event["fields"], "x")
    try:
        pool.request("GET", "https://127.0.0.1:9", retries=False)
    except urllib3.exceptions.HTTPError as error:
        wrong = type(error).__name__
    server.shutdown()
    return {
        "got": [one.decode() for one in got],
        "body": body.decode(),
        "kind": kind,
        "wrong": wrong,
        "missing": missing,
        "contrib": hasattr(urllib3.contrib, event["contrib"]),
        "secure": type(urllib3.util.ssl_.create_urllib3_context()).__name__,
    }
