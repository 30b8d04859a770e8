#!/usr/bin/env python3
"""Which modules of an app can no longer be imported after slimming.

    census.py TASK[:DIR...] RAW

Every module file under RAW (the raw app) is imported, first from RAW, then from the folders where the zips were
unpacked (TASK, and OPT/python for a layer). Each top-level package has a child process of its own, each import 20 s.
Modules in folders of tests, docs, examples and benchmarks are not tried. Prints JSON: how many modules RAW can import,
and those that were lost, each with its error. Exit 1 when one was lost.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NOT_TRIED = {"tests", "test", "_tests", "testing", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "bin", "__pycache__"}
SCRIPTS = {"__main__", "conftest", "setup", "app"}
BATCH = 1500
# Imports the modules given as JSON. Each is announced before it is tried, so that a crash has a name.
CHILD = r"""
import importlib, json, os, signal, sys, warnings

class TooSlow(BaseException): pass
def stop(*_): raise TooSlow
def say(*words): os.write(told, json.dumps(words).encode() + b"\n")

warnings.simplefilter("ignore")
told = os.dup(1)
os.dup2(os.open(os.devnull, os.O_RDWR), 0), os.dup2(0, 1), os.dup2(0, 2)
signal.signal(signal.SIGALRM, stop)
for module in json.loads(sys.argv[1]):
    say(module, "crashed")
    signal.alarm(20)
    try:
        importlib.import_module(module)
        outcome = None
    except BaseException as error:
        outcome = f"{type(error).__name__}: {error}"[:160]
    signal.alarm(0)
    say(module, outcome)
os._exit(0)
"""


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    slimmed, raw = [os.path.realpath(folder) for folder in sys.argv[1].split(":")], os.path.realpath(sys.argv[2])
    python = subprocess.run([HERE.parent / "python312"], check=True, capture_output=True, text=True).stdout.strip()
    modules = modules_of(pathlib.Path(raw))
    before = census(python, [raw], modules)
    good = {module for module, outcome in before.items() if outcome is None}
    after = census(python, slimmed, {top: names & good for top, names in modules.items() if names & good})
    lost = {module: after.get(module, "not tried") for module in sorted(good) if after.get(module, "not tried")}
    print(json.dumps({"modules": len(before), "importable": len(good), "lost": lost}, indent=1))
    sys.exit(bool(lost))


def modules_of(root):
    """The modules under `root`, by top-level package."""
    modules = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name.isidentifier() and name not in NOT_TRIED]
        package = pathlib.Path(folder).relative_to(root).parts
        for name in filter(None, map(module_name, files)):
            path = package if name == "__init__" else (*package, name)
            if path:
                modules.setdefault(path[0], set()).add(".".join(path))
    return modules


def module_name(file):
    """The module that a file is, or nothing."""
    stem, _, ending = file.partition(".")
    importable = ending == "py" or ending == "abi3.so" or (ending.startswith("cpython-312") and ending.endswith(".so"))
    tried = stem.isidentifier() and stem not in SCRIPTS and not stem.startswith("test_")
    return stem if importable and tried else None


def census(python, folders, modules):
    """The outcome of importing each module from `folders`: None, or the error."""
    outcomes = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool, tempfile.TemporaryDirectory() as scratch:
        for part in pool.map(lambda top: import_all(python, folders, sorted(modules[top]), scratch), sorted(modules)):
            outcomes.update(part)
    return outcomes


def import_all(python, folders, names, scratch):
    outcomes = {}
    while names:
        batch = import_batch(python, folders, names[:BATCH], scratch) or dict.fromkeys(names[:BATCH], "no outcome")
        outcomes.update(batch)
        names = [name for name in names if name not in batch]
    return outcomes


def import_batch(python, folders, names, scratch):
    """The outcomes up to the end of the child process, which a crash or 120 s may bring early."""
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", "PYTHONPATH": ":".join(folders)}
    env |= {"AWS_DEFAULT_REGION": "eu-west-1", "MPLBACKEND": "Agg", "MPLCONFIGDIR": scratch}
    command = ["timeout", "--signal=KILL", "120", python, "-P", "-S", "-B", "-c", CHILD, json.dumps(names)]
    done = subprocess.run(command, env=env, cwd=scratch, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return dict(json.loads(line) for line in done.stdout.splitlines())


if __name__ == "__main__":
    main()
