#!/usr/bin/env python3
"""many.py DIR: makes packages that no corpus app is like: one of 10,000 files, and two that share a distribution."""

import pathlib
import random
import shutil
import sys


def dist(root, name, files, dice):
    info = root / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    rows = []
    for number in range(files):
        path = f"{name}/part{number % 37}/deep{number % 5}/module_{number}.py"
        if number % 11 == 0:
            path = f"{name}/tests/test_{number}.py"
        at = root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text("".join(f"VALUE_{line} = {dice.random()}\n" for line in range(dice.randrange(1, 60))))
        rows.append(f"{path},,\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(rows) + f"{info.name}/METADATA,,\n{info.name}/RECORD,,\n")


def package(root, dists):
    dice = random.Random(1)
    root.mkdir(parents=True)
    (root / "app.py").write_text("def handler(event, context):\n    return 1\n")
    for name, files in dists.items():
        dist(root, name, files, dice)


def main():
    home = pathlib.Path(sys.argv[1])
    shutil.rmtree(home, ignore_errors=True)
    package(home / "shop", {f"dist{number}": 400 for number in range(25)})
    package(home / "one", {"shared": 60, "single": 20})
    package(home / "two", {"shared": 60})


main()
