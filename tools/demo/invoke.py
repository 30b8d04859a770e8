"""Invokes the demo's function as Lambda would, and prints its result as JSON.

S3, DynamoDB and the exchange rates are a server on this machine's loopback: boto3 and requests really talk to it, and
nothing leaves the machine. Run by tools/lambda-run, so that only the function's and the layer's files can be imported.
"""

import http.server
import json
import os
import threading
import types

ORDERS = b"""placed,country,currency,amount
2026-03-01T08:12:00,DE,EUR,20.00
2026-03-01T09:40:00,CH,CHF,47.00
2026-03-01T11:03:00,DE,EUR,5.50
2026-03-01T17:25:00,US,USD,54.00
"""
RATES = {"EUR": 1.0, "CHF": 0.94, "USD": 1.08}


class Neighbours(http.server.BaseHTTPRequestHandler):
    """S3's GetObject, DynamoDB's PutItem, and a page of exchange rates."""

    written = []

    def do_GET(self):
        self.answer(json.dumps(RATES).encode() if self.path == "/rates" else ORDERS)

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.written.append(request["Item"]["country"]["S"])
        self.answer(b"{}")

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neighbours)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    os.environ.update(
        AWS_REGION="eu-west-1",
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_ACCESS_KEY_ID="demo",
        AWS_SECRET_ACCESS_KEY="demo",
        AWS_ENDPOINT_URL=address,
        AWS_LAMBDA_FUNCTION_NAME="demo",
        TOTALS_TABLE="totals",
    )
    import app  # as late as Lambda does: the environment is there first

    event = {"bucket": "shop", "key": "orders/2026-03-01.csv", "rates_url": f"{address}/rates"}
    context = types.SimpleNamespace(function_name="demo", aws_request_id="demo", memory_limit_in_mb=512)
    result = app.lambda_handler(event, context)
    print(json.dumps(result, indent=2))
    assert result["totals"]["DE"] == {"count": 2, "sum": 25.5}, "the sums are wrong"
    assert Neighbours.written == ["CH", "DE", "US"], "the table was not written"


main()
