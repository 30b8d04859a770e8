#!/usr/bin/env python3
"""Holds slim against CPython: the imports of sources against `ast`, zips against `zipfile`.

python.py TELL [--files N]: TELL is the program of examples/tell.rs. Sources are those of $CORPUS and of Python's own
library, N of them at the most, evenly chosen. Zips are made of what fuzzing the target zip_write left in $FUZZ.
"""

import argparse
import ast
import json
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import unicodedata
import warnings
import zipfile

CORPUS = pathlib.Path(os.environ.get("CORPUS", "/tmp/slim-corpus"))
FUZZ = pathlib.Path(os.environ.get("FUZZ", "/tmp/slim-fuzz"))
# What a condition says that slim may decide.
DECIDED = {"TYPE_CHECKING", "platform", "name", "version_info", 0, 1}


def sources(most):
    found = []
    for root in (CORPUS, pathlib.Path(sysconfig.get_path("stdlib"))):
        for folder, folders, names in os.walk(root):
            folders.sort()
            found += [os.path.join(folder, name) for name in sorted(names) if name.endswith(".py")]
    found = [path for path in found if os.path.isfile(path) and "\n" not in path]
    step = max(1, len(found) / most)
    return [found[int(number * step)] for number in range(min(most, len(found)))]


def tell(program, what, *paths):
    """What TELL says of each file."""
    done = subprocess.run([program, *what], input="".join(f"{path}\n" for path in paths), stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {program} {' '.join(what)} ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def imports(tree):
    """Line, level, module and names of each import, in order."""
    found = []
    for node in ast.walk(tree):
        at = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        if isinstance(node, ast.Import):
            found += [(at, number, [at[0], 0, alias.name, []]) for number, alias in enumerate(node.names)]
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            found.append((at, 0, [at[0], node.level, node.module or "", names]))
    return [told for *_, told in sorted(found, key=lambda item: item[:2])]


def dead(tree):
    """The lines of each `if` of which slim may leave a branch out."""

    def decides(node):
        said = (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "value", None))
        return any(isinstance(word, (str, int)) and word in DECIDED for word in said)

    ifs = (node for node in ast.walk(tree) if isinstance(node, ast.If))
    return [range(node.lineno, node.end_lineno + 1) for node in ifs if any(map(decides, ast.walk(node.test)))]


def same(path, ours, tree):
    """Compares the imports of one file: what is wrong, and how many are dead."""
    normal = [[line, level, unicodedata.normalize("NFKC", module), names] for line, level, module, names in ours]
    gated, missing = dead(tree), 0
    at = 0
    for theirs in imports(tree):
        if at < len(normal) and normal[at] == theirs:
            at += 1
        elif any(theirs[0] in lines for lines in gated):
            missing += 1
        else:
            return f"{path}: {theirs} is missing", missing
    return (f"{path}: there is no {normal[at]}" if at < len(normal) else None), missing


def compare_imports(program, most):
    paths = sources(most)
    counts = dict.fromkeys(["files", "imports", "left out", "no Python", "not read"], 0)
    wrong = []
    for path, ours in zip(paths, tell(program, ["imports"], *paths), strict=True):
        try:
            tree = ast.parse(pathlib.Path(path).read_bytes())
        except (SyntaxError, ValueError, RecursionError):
            counts["no Python"] += 1
            continue
        if ours is None:
            counts["not read"] += 1
            print(f"not read: {path}")
            continue
        why, missing = same(path, ours, tree)
        wrong += [why] if why else []
        counts["files"] += 1
        counts["imports"] += len(ours)
        counts["left out"] += missing
    print("imports:", ", ".join(f"{count} {what}" for what, count in counts.items()), f"- {len(wrong)} files differ")
    return wrong


def entry(info):
    return [info.filename, info.external_attr >> 16 & 0o7777, info.file_size, info.CRC]


def compare_zips(program):
    made = [path for kind in ("seeds", "corpus") for path in sorted((FUZZ / kind / "zip_write").glob("*"))]
    wrong, entries, zips = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for told in filter(None, tell(program, ["zips", folder], *made)):
            path, written = told
            with zipfile.ZipFile(path) as archive:
                found = [entry(info) for info in archive.infolist()]
                bad = archive.testzip()
            if bad is not None or found != written:
                wrong.append(f"{path}: zipfile reads {bad or found}, written was {written}")
            zips, entries = zips + 1, entries + len(written)
    print(f"zips: {zips} of {entries} entries - {len(wrong)} differ")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tell")
    parser.add_argument("--files", type=int, default=25_000)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    wrong = compare_imports(given.tell, given.files) + compare_zips(given.tell)
    print("\n".join(wrong[:20]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
