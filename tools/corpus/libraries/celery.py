# /// script
# dependencies = ["celery", "tzdata"]
# [tool.slim]
# event = {pool = "solo"}
# ///
"""Pools, backends, loaders and serializers are named by strings that hold class paths."""

import celery
from celery import concurrency

app = celery.Celery("work", broker="memory://", backend="cache+memory://")
app.conf.update(task_always_eager=True, task_store_eager_result=True)


@app.task
def add(a, b):
    return a + b


def lambda_handler(event, context):
    group = celery.group(add.s(i, i) for i in range(3)).apply_async()
    chain = celery.chain(add.s(1, 2), add.s(3)).apply_async()
    beat = app.conf.beat_schedule
    pool = concurrency.get_implementation(event["pool"]).__name__
    with app.connection_for_write() as connection:
        transport = connection.transport.driver_type
    return {
        "group": group.get(),
        "chain": chain.get(),
        "beat": beat,
        "pool": pool,
        "transport": transport,
        "backend": type(app.backend).__name__,
        "names": sorted(n for n in app.tasks if n.startswith("celery.")),
    }
