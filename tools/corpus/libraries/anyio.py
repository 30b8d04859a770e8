# /// script
# dependencies = ["anyio", "trio"]
# [tool.slim]
# ci = true
# event = {count = 4, backends = ["asyncio", "trio"]}
# ///
"""Backends are imported by a name made from the argument."""

import anyio
from anyio import to_thread


async def work(count):
    done = []

    async def one(number):
        async with limit:
            done.append(await to_thread.run_sync(lambda: number * number))

    limit = anyio.CapacityLimiter(2)
    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(one, number)
    process = await anyio.run_process(["/bin/echo", "hi"])
    return sorted(done), process.stdout.decode()


def lambda_handler(event, context):
    return {backend: anyio.run(work, event["count"], backend=backend) for backend in event["backends"]}
