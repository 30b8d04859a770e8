# /// script
# dependencies = ["joblib", "threadpoolctl", "narwhals", "numpy"]
# [tool.slim]
# event = {numbers = [1, 2, 3]}
# ///
"""A cached function is known by its source."""

import tempfile

import joblib
import narwhals
import numpy
import threadpoolctl


def square(numbers):
    """Squares."""
    return [number * number for number in numbers]


def lambda_handler(event, context):
    with tempfile.TemporaryDirectory() as folder:
        memory = joblib.Memory(folder, verbose=0)
        cached = memory.cache(square)
        first = cached(event["numbers"])
        hit = cached.check_call_in_cache(event["numbers"])
    parallel = joblib.Parallel(n_jobs=1)(joblib.delayed(square)([number]) for number in event["numbers"])
    with threadpoolctl.threadpool_limits(limits=1):
        limited = bool(numpy.allclose(numpy.eye(2) @ numpy.eye(2), numpy.eye(2)))
    return {
        "first": first,
        "hit": hit,
        "parallel": parallel,
        "limited": limited,
        "infos": [info["user_api"] for info in threadpoolctl.threadpool_info()],
        "type": str(narwhals.Int64()),
    }
