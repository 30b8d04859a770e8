"""Runs in the child: one cold start of a function, timed.

The job comes on stdin as JSON; the answer is one line of JSON behind the mark `slim-coldstart ` on what was stdout.
With the mode `tree` what Python writes to stderr goes there too: it is what `-X importtime` tells.
"""

import builtins
import importlib
import json
import os
import sys
import threading
import time

# What Lambda's runtime client has imported before it imports a function.
import decimal  # noqa: F401
import http.client  # noqa: F401
import logging  # noqa: F401
import traceback  # noqa: F401


def main():
    job = json.load(sys.stdin.buffer)
    answers = os.dup(1)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    limit(job["memory"], job["file_size"])
    if job["loopback"]:
        raise_loopback()
    lay_out(job)
    told = {}
    clock = Clock() if job["mode"] == "phases" else None
    statements = {}
    if clock:
        clock.watch()
        time_statements({path: name for path, name in job["own"]}, statements)
    if job["mode"] == "tree":
        os.dup2(answers, 2)
    # A process that a module ends tells nothing more.
    tell(answers, {"begun": True})
    module = job["handler"].rpartition(".")[0].replace("/", ".")
    begin = time.perf_counter()
    try:
        # What importlib imports itself `-X importtime` does not see.
        __import__(module)
        handler = find(job["handler"])
        told["init"] = time.perf_counter() - begin
    except BaseException as error:
        told["error"] = describe(error)
    if clock:
        told["phases"] = clock.ended()
        told["statements"] = [[*key, seconds] for key, seconds in statements.items()]
    tell(answers, told)
    for number, event in enumerate(job["events"] if "init" in told else []):
        tell(answers, {"calls": number})
        begin = time.perf_counter()
        try:
            call(handler, event, job["handler"])
            told = {"called": time.perf_counter() - begin}
        except BaseException as error:
            told = {"raised": describe(error)}
        tell(answers, told)
    os._exit(0)


def tell(answers, told):
    # Where something was printed without an end of line, ours begins on a new one.
    os.write(answers, b"\nslim-coldstart " + json.dumps(clean(told)).encode() + b"\n")


class Clock:
    """Seconds by what is being done: each moment counts for the innermost of what is open."""

    def __init__(self):
        self.totals = {}
        self.open = ["executing"]
        self.thread = threading.get_ident()
        self.last = time.perf_counter()

    def turn(self):
        now = time.perf_counter()
        phase = self.open[-1]
        self.totals[phase] = self.totals.get(phase, 0.0) + now - self.last
        self.last = now

    def ended(self):
        self.turn()
        return self.totals

    def wrap(self, holder, name, phase):
        inner = vars(holder)[name]
        is_class_method = isinstance(inner, classmethod)
        function = inner.__func__ if is_class_method else inner
        thread, opened, turn, ident = self.thread, self.open, self.turn, threading.get_ident

        def timed(*args, **kwargs):
            if ident() != thread:
                return function(*args, **kwargs)
            turn()
            opened.append(phase)
            try:
                return function(*args, **kwargs)
            finally:
                turn()
                opened.pop()

        setattr(holder, name, classmethod(timed) if is_class_method else timed)

    def watch(self):
        external = sys.modules["_frozen_importlib_external"]
        self.wrap(external.PathFinder, "find_spec", "finding")
        self.wrap(external.SourceFileLoader, "path_stats", "finding")
        self.wrap(external.FileLoader, "get_data", "reading")
        self.wrap(external.SourceLoader, "source_to_code", "compiling")
        self.wrap(external, "_compile_bytecode", "unmarshalling")
        self.wrap(external._LoaderBasics, "exec_module", "executing")
        self.wrap(external.ExtensionFileLoader, "create_module", "loading")
        self.wrap(external.ExtensionFileLoader, "exec_module", "loading")
        self.last = time.perf_counter()


def time_statements(own, statements):
    """Seconds that each import statement of the user's own modules takes when it is come to first."""
    inner = builtins.__import__
    frame_of, clock = sys._getframe, time.perf_counter

    def timed(name, globals=None, locals=None, fromlist=(), level=0):
        file = own.get(globals.get("__file__")) if isinstance(globals, dict) else None
        if file is None:
            return inner(name, globals, locals, fromlist, level)
        line = frame_of(1).f_lineno
        begin = clock()
        try:
            return inner(name, globals, locals, fromlist, level)
        finally:
            statements.setdefault((file, line, name, level), clock() - begin)

    builtins.__import__ = timed


main()
