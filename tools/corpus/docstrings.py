#!/usr/bin/env python3
"""Imports every module of the distributions of which facts say who reads their docstrings (`[[reads]]` in
src/facts/known), from what slim makes of an app at level max: does one miss a docstring that was taken out?

    docstrings.py [--slim BIN] [--corpus DIR] [APP ...]

The app's own code is replaced by one that names all these modules. Exit 0 only when the proof holds and nothing had to be
undone for it.
"""

import argparse
import json
import keyword
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOBODYS = {"tests", "test", "testing", "conftest", "setup", "__main__"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apps", nargs="*", metavar="APP")
    parser.add_argument("--slim", default=str(ROOT / "target/release/slim"))
    parser.add_argument("--corpus", default=os.environ.get("CORPUS", "/tmp/slim-corpus"), type=pathlib.Path)
    arguments = parser.parse_args()
    apps = arguments.apps or sorted(path.name for path in (HERE / "apps").iterdir())
    known = {path.stem for path in (ROOT / "src/facts/known").glob("*.toml") if "reads" in tomllib.loads(path.read_text())}
    failed, acted = 0, False
    for app in apps:
        modules, told = examine(arguments.corpus / app, known, arguments.slim)
        failed += not told.startswith("ok")
        acted |= told == "ok"
        print(f"{app:8} {modules:6} modules  {told}", flush=True)
    sys.exit(failed > 0 or not acted)


def examine(package, known, slim):
    """How many modules were imported, and `ok` or what is wrong."""
    with tempfile.TemporaryDirectory(prefix="slim-docstrings-") as work:
        work = pathlib.Path(work)
        # Links do: slim follows them.
        copy = work / "package"
        copy.mkdir()
        for entry in package.iterdir():
            if entry.name != "app.py":
                (copy / entry.name).symlink_to(entry)
        modules = sorted(set(named(package, known)))
        imports = "".join(f"    import {module}\n" for module in modules)
        (copy / "app.py").write_text(f"def lambda_handler(event, context):\n    return 1\n\n\ndef never():\n    pass\n{imports}")
        command = [slim, "build", copy, "--out-dir", work / "out", "--python", "3.12", "--level", "max", "--verify"]
        command += ["--handler", "app.lambda_handler", "--timeout", "900", "--format", "json"]
        run = subprocess.run(command, capture_output=True, text=True)
        if not run.stdout:
            return len(modules), run.stderr.strip()
        report = json.loads(run.stdout)
        proof = report["proof"]
        if proof["status"] == "failed":
            return len(modules), "; ".join(proof["because"])[:1000]
        if proof["undone"]:
            return len(modules), proof["undone"][0]["asked_by"][:1000]
        acted = any(rule["id"] == "docstrings" and rule["files"] for rule in report["rules"])
        return len(modules), "ok" if acted else "ok, but no docstring was taken out"


def named(package, known):
    """The modules of the distributions that facts know, but for tests and programs."""
    for info in package.glob("*.dist-info"):
        if re.sub(r"[-_.]+", "-", info.name.split("-")[0]).lower() not in known:
            continue
        for line in (info / "RECORD").read_text().splitlines():
            path = line.rsplit(",", 2)[0].strip('"')
            parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
            is_name = all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)
            is_tests = any(part in NOBODYS or part.startswith("test_") for part in parts)
            if path.endswith(".py") and is_name and not is_tests:
                yield ".".join(parts)


if __name__ == "__main__":
    main()
