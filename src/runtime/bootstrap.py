"""Runs in the child: imports and calls what Lambda would, as Lambda's bootstrap does.

The job comes on stdin as JSON; each answer is a line of JSON on what was stdout. What the code under test prints goes
to stderr.
"""

import sys

JOB_PATHS = [path for path in sys.path if path]


def main():
    import json
    import os
    import time

    job = json.load(sys.stdin.buffer)
    own = os.getpid()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape", newline="\n")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def tell(step, **told):
        # A process that the handler forked has nothing to tell.
        if os.getpid() != own:
            os._exit(0)
        answers.write(json.dumps(clean({"step": step, **told})) + "\n")
        answers.flush()

    limit(job["memory"], job["file_size"])
    if job["loopback"]:
        raise_loopback()
    opened, read = set(), set()
    inside = tuple(root + "/" for root in (job["task"], job["layer"]))
    sys.addaudithook(listener(opened, read, inside))
    tell("start", seconds=0)
    lay_out(job)

    def attempt(step, work):
        tell(step, begun=True)
        begin = time.perf_counter()
        try:
            told = {"value": work()}
        except BaseException as error:
            told = {"error": describe(error)}
        finally:
            seconds = time.perf_counter() - begin
        tell(step, seconds=round(seconds, 4), **told)

    handlers = {}
    for name in job["handlers"]:
        attempt(f"import {name}", lambda: handlers.update({name: find(name)}))
    for event in job["events"]:
        for name in job["handlers"]:
            step = f"event {event['name']} {name}"
            if name in handlers and step not in job["done"]:
                attempt(step, lambda: call(handlers[name], event["text"], name))
    for name in job["modules"]:
        attempt(f"module {name}", lambda: imported(name))
    # Not what reading all metadata opens.
    opened |= loaded(inside)
    own_opened = sorted(opened)
    read = set(read)
    if job["metadata"]:
        attempt("metadata", metadata)
    tell("end", opened=own_opened, read=sorted(read), libraries=sorted(libraries(inside)))
    # Lambda freezes threads; nobody waits for them.
    os._exit(0)


def lay_out(job):
    """The task root, then the layers, each with the .pth files in it, then the runtime's own."""
    import os
    import site

    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    folders = [job["task"], f"{job['layer']}/python/lib/{version}/site-packages", f"{job['layer']}/python"]
    runtime = [job["runtime_packages"]] if job["runtime_packages"] else []
    sys.path[:] = folders + JOB_PATHS + runtime
    sys.dont_write_bytecode = True
    for folder in filter(os.path.isdir, folders):
        site.addsitedir(folder)
    sys.argv[:] = ["/var/runtime/bootstrap.py"]


def listener(opened, read, inside):
    import os

    # What opens the files of modules to import them.
    importers = ("<frozen importlib._bootstrap_external>", "<frozen importlib._bootstrap>")

    def listen(event, arguments):
        if event == "open" or event == "ctypes.dlopen":
            path = arguments[0]
            if isinstance(path, bytes):
                path = path.decode("utf-8", "surrogateescape")
            if isinstance(path, str):
                path = os.path.abspath(path)
                if path.startswith(inside):
                    opened.add(path)
                    if path.endswith(".py") and sys._getframe(1).f_code.co_filename not in importers:
                        read.add(path)

    return listen


def find(name):
    import importlib

    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), function)


def imported(name):
    import importlib

    importlib.import_module(name)


class LambdaContext:
    """What a handler is given beside the event."""

    def __init__(self, name, deadline):
        self.aws_request_id = "8f5b2b9c-0000-4000-8000-000000000001"
        self.function_name = "function"
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = "1024"
        self.invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
        self.log_group_name = "/aws/lambda/function"
        self.log_stream_name = "2024/01/01/[$LATEST]00000000000000000000000000000001"
        self.client_context = None
        self.tenant_id = None
        self.identity = type("CognitoIdentity", (), {"cognito_identity_id": None, "cognito_identity_pool_id": None})()
        self._deadline = deadline

    def get_remaining_time_in_millis(self):
        import time

        return max(int((self._deadline - time.monotonic()) * 1000), 0)

    def log(self, message):
        sys.stderr.write(str(message))


def call(handler, text, name):
    import decimal
    import json
    import time

    def other(value):
        if isinstance(value, decimal.Decimal):
            return float(value)
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    result = handler(json.loads(text), LambdaContext(name, time.monotonic() + 900))
    result = json.dumps(result, default=other)
    # What readers of JSON refuse: numbers that are none, and depth.
    value = json.loads(result, parse_constant=lambda constant: {"float": constant})
    return result if is_deep(value, 100) else value


def metadata():
    """What importlib.metadata tells of all distributions on the path."""
    import importlib.metadata

    distributions = sorted(
        {(d.metadata["Name"] or "", d.version or "") for d in importlib.metadata.distributions()}
    )
    points = sorted(
        {
            (distribution.metadata["Name"] or "", point.group, point.name, point.value)
            for distribution in importlib.metadata.distributions()
            for point in distribution.entry_points
        }
    )
    # Since 3.10.
    packages = getattr(importlib.metadata, "packages_distributions", dict)()
    packages = sorted({(name, top) for top, names in packages.items() for name in names})
    return {"distributions": distributions, "entry_points": points, "packages": packages}


def describe(error):
    """An exception with its causes, the outermost first."""
    import traceback

    chain, seen = [], set()
    while error is not None and id(error) not in seen and len(chain) < 10:
        seen.add(id(error))
        frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        told = {"type": type(error).__name__, "message": text_of(error), "frames": frames[-30:]}
        for attribute in ("name", "filename", "path"):
            value = getattr(error, attribute, None)
            if isinstance(value, str):
                told[attribute] = value
        chain.append(told)
        error = error.__cause__ or error.__context__
    return chain


def text_of(error):
    try:
        return str(error)[:4000]
    except Exception:
        return ""


def loaded(inside):
    """The files of the modules that are loaded."""
    import os

    files = set()
    for module in list(sys.modules.values()):
        for attribute in ("__file__", "__cached__"):
            path = getattr(module, attribute, None)
            if isinstance(path, str) and path.startswith(inside) and os.path.exists(path):
                files.add(path)
    return files | mapped(lambda path: path.startswith(inside))


def libraries(inside):
    """The libraries of the host that are loaded, but for those of Python itself."""
    own = (sys.base_prefix + "/", sys.prefix + "/")
    return mapped(lambda path: ".so" in path and not path.startswith(inside) and not path.startswith(own))


def mapped(chosen):
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            paths = {line.rstrip("\n").split(None, 5)[5] for line in maps if "/" in line}
    except (OSError, IndexError):
        return set()
    return {path for path in paths if chosen(path)}


main()
