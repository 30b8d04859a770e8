"""What the scripts share that import and call a function as Lambda does: it stands before each of them."""

import sys

JOB_PATHS = [path for path in sys.path if path]


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


def find(name):
    import importlib

    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), function)


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


