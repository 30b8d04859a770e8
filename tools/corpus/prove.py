#!/usr/bin/env python3
"""Builds every app of the corpus with a proof: does slim itself find that the result runs as the package did?

    prove.py [--slim BIN] [--corpus DIR] [--level LEVEL,...] [APP ...] [-- MORE SLIM ARGUMENTS]

Level `traced` is max with a trace of the first event alone. Each app's events.json holds the environment and the events, at least two. ENDPOINT in them stands for a server on the
loopback device, which answers as the services that the apps call.

Exit 0 only when every proof is made and nothing had to be put back.
"""

import argparse
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

APPS = pathlib.Path(__file__).resolve().parent / "apps"

CHAT = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yo"}}],
}
EMBEDDINGS = {
    "object": "list",
    "model": "m",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}],
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}
MESSAGES = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "hey"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
OBJECT = {
    "kind": "storage#object",
    "name": "k",
    "bucket": "b",
    "size": "5",
    "crc32c": "mnG7TA==",
    "md5Hash": "XUFAKrxLKna5cZ2REBfFkg==",
}
SENT = {"MessageId": "m1", "MD5OfMessageBody": "49f68a5c8493ec2c0bf489821c21fc3b"}


class Services(http.server.BaseHTTPRequestHandler):
    """What the apps call."""

    def do_GET(self):
        if "/storage/" in self.path or self.path.startswith("/download"):
            return self.answer({"error": {"code": 404, "message": "nf"}}, 404)
        self.answer(None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.replace("//", "/")
        known = {"/v1/chat/completions": CHAT, "/v1/embeddings": EMBEDDINGS, "/v1/messages": MESSAGES}
        if path in known:
            self.answer(known[path])
        elif path == "/echo":
            self.answer(json.loads(body))
        elif "/storage/" in path:
            self.answer(OBJECT)
        elif path.startswith("/v1/"):
            self.answer(None)
        else:
            self.answer(SENT)

    def answer(self, value, code=200):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    arguments = parse(__doc__)
    endpoint = serve(arguments)
    failed = 0
    sums = {level: [0, 0] for level in arguments.levels}
    for app in arguments.apps:
        for level in arguments.levels:
            begin = time.perf_counter()
            told, sizes = prove(app, level, endpoint, arguments)
            failed += told != "proven"
            sums[level] = [total + size for total, size in zip(sums[level], sizes)]
            print(f"{app:8} {level:9} {time.perf_counter() - begin:6.1f} s {shown(sizes)}  {told}", flush=True)
    for level, total in sums.items():
        print(f"{'all':8} {level:9} {'':8} {shown(total)}")
    sys.exit(failed > 0)


def shown(sizes):
    return f"{sizes[0] / 1e6:8.2f} MB {sizes[1] / 1e6:7.2f} MB zipped"


def serve(arguments):
    """The address of a server, which ends with this program."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), Services)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def parse(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slim", default="target/release/slim")
    parser.add_argument("--corpus", type=pathlib.Path, default=os.environ.get("CORPUS", "/tmp/slim-corpus"))
    parser.add_argument("--level", dest="levels", type=lambda text: text.split(","), default=["standard", "max", "traced"])
    parser.add_argument("--port", type=int, default=0, help="of the server; the same one again finds the cache")
    parser.add_argument("apps", nargs="*", metavar="APP")
    own, more = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, more = own[:at], own[at + 1 :]
    arguments = parser.parse_args(own)
    arguments.more = more
    arguments.apps = arguments.apps or sorted(app.name for app in APPS.iterdir())
    return arguments


def prove(app, level, endpoint, arguments):
    """`proven`, or what is wrong; the bytes unzipped and zipped."""
    with tempfile.TemporaryDirectory(prefix="slim-prove-") as work:
        package = str(arguments.corpus / app)
        told, events = job(app, endpoint, work)
        if level == "traced":
            trace = [arguments.slim, "trace", package, "--output", f"{work}/trace.json", *told, *events[:2]]
            run = subprocess.run(trace, capture_output=True, text=True)
            if run.returncode:
                return run.stderr.strip(), (0, 0)
            told += ["--level", "max", "--trace", f"{work}/trace.json"]
        else:
            told += ["--level", level]
        command = [arguments.slim, "build", package, "--out-dir", f"{work}/out", *told, *events, "--format", "json"]
        run = subprocess.run(command + arguments.more, capture_output=True, text=True)
        if not run.stdout:
            return run.stderr.strip(), (0, 0)
        report = json.loads(run.stdout)
        sizes = [sum(archive[key] for archive in report["zips"]) for key in ("unzipped_bytes", "bytes")]
        proof = report["proof"]
        if proof["status"] != "proven":
            return f"{proof['status']}: {'; '.join(proof['because'])}", sizes
        if proof["restored"]:
            return f"restored: {[restored['file'] for restored in proof['restored']]}", sizes
        if proof["undone"]:
            return f"undone: {proof['undone']}", sizes
        return "proven", sizes


def job(app, endpoint, work):
    """The arguments of slim that say how an app is run, and those that name its events."""
    text = (APPS / app / "events.json").read_text()
    known = json.loads(text.replace("ENDPOINT", endpoint))
    told = ["--python", "3.12", "--handler", "app.lambda_handler"]
    if "ENDPOINT" in text:
        # The server is on this machine's loopback device, not on the runs' own.
        told.append("--network")
    for name, value in known["environment"].items():
        told += ["--env", f"{name}={value}"]
    events = []
    for number, event in enumerate(known["events"], 1):
        path = pathlib.Path(work, f"{number}.json")
        path.write_text(json.dumps(event))
        events += ["--event", str(path)]
    return told, events


if __name__ == "__main__":
    main()
