"""Runs in the room: starts AWS's Runtime Interface Emulator with awslambdaric and sends it events.

The job comes on stdin as JSON; each answer is a line of JSON on stdout. What the emulator and the code under test print
goes to stderr when all is done.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

# What the runtime does before awslambdaric begins: the task root, the layers with their .pth files, then its own.
LAUNCH = """
import os, site, sys
task, layer, runtime = sys.argv[1:4]
version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
folders = [task, f"{layer}/python/lib/{version}/site-packages", f"{layer}/python"]
sys.path[:] = folders + [path for path in sys.path if path] + [runtime]
sys.dont_write_bytecode = True
for folder in filter(os.path.isdir, folders):
    site.addsitedir(folder)
from awslambdaric.__main__ import main
main(["awslambdaric", sys.argv[4]])
"""


def main():
    job = json.load(sys.stdin.buffer)
    if job["loopback"]:
        raise_loopback()
    emulator, runtime_api = free_ports(2)
    command = [job["emulator"]]
    command += ["--runtime-interface-emulator-address", f"127.0.0.1:{emulator}"]
    command += ["--runtime-api-address", f"127.0.0.1:{runtime_api}"]
    launch = [sys.executable, "-S", "-B", "-W", "ignore", "-c", LAUNCH]
    token = f"slim-{os.getpid()}-{time.monotonic_ns()}"
    command += launch + [job["task"], job["layer"], job["runtime"], job["handler"], token]
    limit(job["memory"], job["file_size"])
    deadline = time.monotonic() + job["seconds"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=job["task"]
    )
    log = bytearray()
    reader = threading.Thread(target=keep, args=(process.stdout, log), daemon=True)
    reader.start()
    try:
        wait_for(emulator, process, deadline)
        for event in job["events"]:
            tell(step=event["name"], **send(emulator, event["text"], deadline))
    finally:
        process.kill()
        process.wait()
        end(token)
        reader.join(1)
        text = log.decode("utf-8", "replace")
        init = re.search(r"INIT REPORT\(durationMs: ([0-9.]+)\)", text)
        invokes = re.findall(r"INVOKE RTDONE\(.*?duration: ([0-9.]+)ms\)", text)
        tell(init=float(init[1]) if init else None, invokes=[float(invoke) for invoke in invokes])
        sys.stderr.write(text[-20000:])


def tell(**told):
    sys.stdout.write(json.dumps(clean(told)) + "\n")
    sys.stdout.flush()


def end(token):
    """Kills the runtime, which the emulator puts into a group of its own."""
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                if token.encode() in file.read() and int(process) != os.getpid():
                    os.kill(int(process), signal.SIGKILL)
        except OSError:
            pass


def keep(stream, log, most=64 << 20):
    while chunk := stream.read1(1 << 16):
        if len(log) < most:
            log += chunk


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(port, process, deadline):
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the emulator ended with code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("the emulator does not listen")


def send(port, text, deadline):
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    begin = time.perf_counter()
    try:
        left = max(deadline - time.monotonic(), 1)
        with opener.open(urllib.request.Request(url, text.encode()), timeout=left) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except OSError as error:
        return {"died": f"no answer: {error}"}
    seconds = round(time.perf_counter() - begin, 4)
    try:
        value = json.loads(body, parse_constant=lambda constant: {"float": constant})
    except ValueError:
        return {"died": f"it answered {body[:200].decode('utf-8', 'replace')!r}"}
    if isinstance(value, dict) and {"errorMessage", "errorType"} <= set(value) <= ERROR:
        frames = value.get("stackTrace")
        frames = [str(frame).strip().split("\n")[0] for frame in frames if frame] if isinstance(frames, list) else []
        causes = [{"type": str(value["errorType"]), "message": str(value["errorMessage"])[:4000], "frames": frames[-30:]}]
        return {"error": causes, "seconds": seconds}
    # What readers of JSON refuse for its depth stays a text, as it does in the proof.
    return {"value": body.decode("utf-8", "replace") if is_deep(value, 100) else value, "seconds": seconds}


ERROR = {"errorMessage", "errorType", "requestId", "stackTrace"}


main()
