# /// script
# dependencies = ["stevedore", "cliff"]
# [tool.slim]
# ci = true
# event = {drivers = [["cliff.formatter.list", "json"], ["cliff.formatter.show", "yaml"]]}
# ///
"""Plugins are entry points; stevedore's own examples and tests register some."""

from stevedore import DriverManager, ExtensionManager
from cliff.app import App
from cliff.commandmanager import CommandManager


def lambda_handler(event, context):
    drivers = {kind: DriverManager(kind, name).driver.__name__ for kind, name in event["drivers"]}
    formatters = sorted(ExtensionManager("cliff.formatter.list").names())
    show = sorted(one.plugin.__module__ for one in ExtensionManager("cliff.formatter.show"))
    code = App("a", "1", CommandManager("none"), stdout=open("/dev/null", "w")).run(["help"])
    return {"drivers": drivers, "formatters": formatters, "show": show, "code": code}
