#!/usr/bin/env python3
"""INIT under AWS's Runtime Interface Emulator: of an app with all its bytecode valid, of what the shell recipe makes of it,
and of what slim makes of it at level max with `--bytecode hash` (or `only`), all from read-only folders.

    init.py [--slim BIN] [--corpus DIR] [--rounds 3] [--bytecode hash|only] [APP ...]

Each round is three cold starts of each side, in turn; a first one warms up and does not count. DEMO stands for the
package of `make demo`. Told are the medians in seconds, and the MB of the zips.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile

import prove

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RECIPE = r"""
find . -type d -name __pycache__ -prune -exec rm -r {} +
find . -type d -name '*.dist-info' -prune -exec rm -r {} +
find . -type d -name tests -prune -exec rm -r {} +
find . -name '*.pyc' -delete
find . -name '*.so' -exec strip {} + 2>/dev/null
true
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apps", nargs="*", metavar="APP", default=["DEMO", "plot", "api", "sci", "otel"])
    parser.add_argument("--slim", default=str(ROOT / "target/release/slim"))
    parser.add_argument("--corpus", default=os.environ.get("CORPUS", "/tmp/slim-corpus"), type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bytecode", choices=["hash", "only"], default="hash")
    arguments = parser.parse_args()
    arguments.python = run([HERE.parent / "python312"]).strip()
    arguments.emulator = run([HERE / "emulator.sh"]).split()
    arguments.port = 0
    endpoint = prove.serve(arguments)
    print(f"{'app':8} {'bytecode':>9} {'recipe':>9} {'slim':>9} {'/bytecode':>9} {'/recipe':>9}   recipe zip   slim zip")
    for app in arguments.apps:
        print(row(app, endpoint, arguments), flush=True)


def row(app, endpoint, arguments):
    package = ROOT / "target/demo/package" if app == "DEMO" else arguments.corpus / app
    with tempfile.TemporaryDirectory(prefix=f"slim-init-{app}-") as work:
        work = pathlib.Path(work)
        if app == "DEMO":
            (work / "1.json").write_text("{}")
            told, events = ["--python", "3.12", "--handler", "app.lambda_handler", "--env", "TOTALS_TABLE=t"], ["--event", str(work / "1.json")]
        else:
            told, events = prove.job(app, endpoint, work)
        raw, recipe = work / "raw", work / "recipe"
        for copy in (raw, recipe):
            shutil.copytree(package, copy)
        compiled = ["-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
        subprocess.run([arguments.python, *compiled, "-s", raw, "-p", "/var/task", raw], stdout=subprocess.DEVNULL)
        subprocess.run(["sh", "-c", RECIPE], cwd=recipe, check=True)
        run(["zip", "-9", "-q", "-r", work / "recipe.zip", "."], cwd=recipe)
        build = ["build", package, "-o", work / "out", "--level", "max", "--bytecode", arguments.bytecode, "--compression", "max"]
        run([arguments.slim, *build, *told, *events])
        zips = sorted((work / "out").glob("*.zip"))
        sides = {"raw": [raw], "recipe": [recipe], "slim": zips}
        seconds = {side: [] for side in sides}
        for number in range(arguments.rounds + 1):
            for side, files in sides.items():
                taken = init(files, told, events, arguments)
                seconds[side] += [taken] if number and taken else []
        medians = {side: statistics.median(taken) if taken else None for side, taken in seconds.items()}
        size = sum(path.stat().st_size for path in zips) / 1e6
        return (
            f"{app:8} {shown(medians['raw'])} {shown(medians['recipe'])} {shown(medians['slim'])}"
            f" {ratio(medians, 'raw')} {ratio(medians, 'recipe')}"
            f"   {(work / 'recipe.zip').stat().st_size / 1e6:7.2f} MB {size:7.2f} MB"
        )


def init(files, told, events, arguments):
    """The median of three cold starts; None where the function does not start."""
    command = [arguments.slim, "verify", *files, *told, *events, *arguments.emulator, "--format", "json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True).stdout or "{}")
    failed = [c for c in told.get("proof", {}).get("checks", []) if c["name"].startswith("import ") and c["verdict"] == "failed"]
    return None if failed else told.get("timings", {}).get("emulator: INIT as it ships")


def shown(seconds):
    return f"{'breaks':>9}" if seconds is None else f"{seconds:7.2f} s"


def ratio(medians, side):
    return f"{'':9}" if None in (medians[side], medians["slim"]) else f"{medians['slim'] / medians[side]:9.2f}"


def run(command, **more):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **more).stdout


if __name__ == "__main__":
    main()
