# /// script
# dependencies = ["apscheduler<4", "sqlalchemy", "tzdata"]
# [tool.slim]
# event = {stores = {memory = {}, sqlalchemy = {url = "sqlite://"}}, executor = "processpool", triggers = {cron = {hour = 5}, interval = {minutes = 3}}}
# ///
"""Triggers, job stores and executors are entry points, chosen by alias."""

import datetime

from apscheduler.schedulers.background import BackgroundScheduler


def job():
    return 1


def lambda_handler(event, context):
    scheduler = BackgroundScheduler({"apscheduler.timezone": "Europe/Berlin"})
    for alias, options in event["stores"].items():
        scheduler.add_jobstore(alias, alias, **options)
    scheduler.add_executor(event["executor"], "other")
    made = [scheduler.add_job(job, kind, **options) for kind, options in event["triggers"].items()]
    scheduler.start(paused=True)
    found = sorted(str(one.trigger) for one in scheduler.get_jobs())
    now = datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)
    following = str(made[0].trigger.get_next_fire_time(None, now))
    scheduler.shutdown()
    return {"found": found, "next": following, "stores": sorted(scheduler._jobstores)}
