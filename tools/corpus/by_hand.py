#!/usr/bin/env python3
"""Times the import of a module in two folders, in fresh processes and in turn, without slim: to hold a saving that
`slim coldstart` claims against one that was made by hand.

    by_hand.py --python python3.12 BEFORE AFTER [MODULE] [--runs 9]

Both folders are copied; first nothing of them has bytecode and none is written, then all has unchecked-hash bytecode.
"""

import argparse
import pathlib
import shutil
import statistics
import subprocess
import tempfile

IMPORT = """
import decimal, http.client, json, logging, sys, time, traceback
sys.path.insert(0, sys.argv[1])
begin = time.perf_counter()
__import__(sys.argv[2])
print("seconds", time.perf_counter() - begin)
"""


def seconds(python, folder, module):
    command = [python, "-S", "-s", "-B", "-W", "ignore", "-c", IMPORT, str(folder), module]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout
    return float(told.split("seconds")[-1])


def compare(python, folders, module, runs):
    rows = [[], []]
    for number in range(runs + 1):
        for row, folder in zip(rows, folders):
            taken = seconds(python, folder, module)
            # The first one reads from the disk.
            row.extend([taken] if number else [])
    return [statistics.median(row) for row in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("module", nargs="?", default="app")
    parser.add_argument("--python", default="python3.12")
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folders = [pathlib.Path(home, name) for name in ("before", "after")]
        for source, copy in zip((args.before, args.after), folders):
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("without bytecode", "with bytecode"):
            if name == "with bytecode":
                for folder in folders:
                    compiled = [args.python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder]
                    subprocess.run(compiled, capture_output=True)
            before, after = compare(args.python, folders, args.module, args.runs)
            print(f"{name}: {before:.3f} s before, {after:.3f} s after: {before - after:.3f} s saved")


main()
