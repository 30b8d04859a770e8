#!/usr/bin/env python3
"""Builds every app of the corpus with a real slim and judges what comes out.

    judge.py [--slim BIN] [--corpus DIR] [--level LEVEL,...] [APP ...] [-- MORE SLIM ARGUMENTS]

For each app (installed by build.sh) and each level:
- slim exits 0 and the input folder is exactly as it was;
- both zips are whole, and no entry leaves its folder;
- a second build, on one thread and under another umask, gives the same bytes;
- report.json tells the zips' real sizes and hashes;
- unpacked as Lambda does, the app's smoke test passes (not for data-arm64, which cannot run here).

The table shows the sizes beside those measured before (reference.json): the raw app, the articles' shell recipe, and
the files that the handler really opens, stripped, which is the lower bound of deleting and stripping files.
Exit 0 only when every app lives and every check holds.
"""

import argparse
import hashlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = json.loads((HERE / "reference.json").read_text())
LAYOUT = "{:11} {:9} {:>7} {:>7} {:>7} {:>7} | {:>7} {:>7} {:>7} {:>7} | {:>6} {:>6}  {}"


def main():
    arguments = parse(sys.argv[1:])
    print(LAYOUT.format("MB", "", *(["raw", "recipe", "slim", "opened"] * 2), "wall s", "CPU s", "").rstrip())
    rows = []
    for app in arguments.apps:
        for level in arguments.levels:
            rows.append(judge(app, level, arguments))
            print(line(rows[-1]), flush=True)
    for level in arguments.levels:
        print(total(level, [row for row in rows if row["level"] == level]))
    sys.exit(any(row["problems"] for row in rows))


def parse(typed):
    own, more = (typed[: typed.index("--")], typed[typed.index("--") + 1 :]) if "--" in typed else (typed, [])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slim", default="target/release/slim")
    parser.add_argument("--corpus", type=pathlib.Path, default=os.environ.get("CORPUS", "/tmp/slim-corpus"))
    parser.add_argument("--level", dest="levels", type=lambda text: text.split(","), default=["safe", "standard", "max"])
    parser.add_argument("apps", nargs="*", metavar="APP")
    arguments = parser.parse_args(own)
    arguments.more = more
    arguments.apps = arguments.apps or [*sorted(app.name for app in (HERE / "apps").iterdir()), "data-arm64"]
    return arguments


def handlers(level):
    """What names the handler of every app to the level that asks for it; the smoke tests are the proof."""
    return ["--handler", "app.lambda_handler", "--no-verify"] if level == "max" else []


def judge(app, level, arguments):
    """One app at one level: its sizes, its cost, whether it lives, and every problem."""
    row = {"app": app, "level": level, "lives": None, "problems": []}
    source = arguments.corpus / app
    if not source.is_dir():
        row["problems"].append(f"{source} is missing: run build.sh {app}")
        return row
    with tempfile.TemporaryDirectory(prefix=f"slim-judge-{app}-") as work:
        try:
            row["problems"] += examine(row, source, pathlib.Path(work), arguments)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
            row["problems"].append(f"{type(error).__name__}: {error}")
    return row


def examine(row, source, work, arguments):
    """Fills `row` and yields its problems."""
    arch = "arm64" if row["app"].endswith("arm64") else "x86_64"
    command = [arguments.slim, "build", str(source), "--python", "3.12", "--arch", arch, "--level", row["level"], *handlers(row["level"]), *arguments.more]
    before = tree_digest(source)
    done, row["wall"], row["cpu"] = run([*command, "-q", "-o", str(work / "out")])
    if done.returncode:
        yield f"exit {done.returncode}: {last_line(done.stderr)}"
        return
    again, _, _ = run([*command, "-q", "-j", "1", "-o", str(work / "again")], umask=0o077)
    if tree_digest(source) != before:
        yield "the input was changed"
    if again.returncode or zip_facts(work / "out") != zip_facts(work / "again"):
        yield "two builds differ"
    facts = zip_facts(work / "out")
    row["zipped"] = sum(bytes for bytes, _, _, _ in facts.values())
    row["unzipped"] = sum(unzipped for _, unzipped, _, _ in facts.values())
    if facts != reported(work / "out/report.json"):
        yield "report.json does not tell the zips' real sizes, entries and hashes"
    for path in zips(work / "out"):
        yield from damage(path)
    if arch == "x86_64":
        yield from smoke(row, work)


def zips(folder):
    return sorted(folder.glob("*.zip"))


def zip_facts(folder):
    """What is true of each zip: bytes, unzipped bytes, entries, SHA-256."""
    facts = {}
    for path in zips(folder):
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        facts[path.name] = (path.stat().st_size, sum(entry.file_size for entry in entries), len(entries), digest)
    return facts


def reported(path):
    """The same as report.json tells it."""
    report = json.loads(path.read_text())
    return {zip["file"]: (zip["bytes"], zip["unzipped_bytes"], zip["entries"], zip["sha256"]) for zip in report["zips"]}


def damage(path):
    with zipfile.ZipFile(path) as archive:
        bad = archive.testzip()
        if bad:
            yield f"{path.name}: `{bad}` is damaged"
        for name in archive.namelist():
            if name.startswith("/") or ".." in name.split("/"):
                yield f"{path.name}: `{name}` leaves the folder"


def smoke(row, work):
    """Unpacks the zips as Lambda does and runs the app's smoke test on them."""
    task, opt = work / "task", work / "opt"
    for path in zips(work / "out"):
        place = opt if path.name.startswith("layer") else task
        subprocess.run(["unzip", "-qq", "-o", str(path), "-d", str(place)], check=True)
    task.mkdir(exist_ok=True)
    opt.mkdir(exist_ok=True)
    done, _, _ = run([str(HERE / "smoke.sh"), row["app"], str(task), str(opt)])
    row["lives"] = done.returncode == 0 and last_line(done.stdout) == "OK"
    if not row["lives"]:
        yield f"smoke test: {last_line(done.stderr or done.stdout)}"


def run(command, umask=-1):
    """Runs a command; what it said, its wall seconds and its CPU seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", umask=umask)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def last_line(text):
    return (text.strip().splitlines() or ["no message"])[-1][:200]


def tree_digest(root):
    """One digest over the names, modes, sizes, mtimes, link counts and contents of a folder."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in [*sorted(files), *folders]:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            size = 0 if os.path.isdir(path) else info.st_size
            digest.update(os.fsencode(f"{path} {info.st_mode} {size} {info.st_mtime_ns} {info.st_nlink}\n"))
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    while chunk := file.read(1 << 20):
                        digest.update(chunk)
    return digest.hexdigest()


def line(row):
    told = [{True: "lives", False: "BROKEN", None: "not run"}[row["lives"]], *row["problems"]]
    if not REFERENCE.get(row["app"], {}).get("recipe", {"lives": True})["lives"]:
        told[0] += " (the recipe breaks it)"
    return cells(row["app"], [row], "; ".join(told))


def total(level, rows):
    """The sum over the apps that run here."""
    rows = [row for row in rows if not row["app"].endswith("arm64")]
    told = f"{sum(bool(row['lives']) for row in rows)} of {len(rows)} live, {sum(bool(row['problems']) for row in rows)} with problems"
    return cells("sum", rows, told, level)


def cells(name, rows, told, level=None):
    """A line of the table over some rows: what slim made, beside what was measured before."""

    def add(what):
        return sum(row.get(what, 0) for row in rows)

    def before(kind, what):
        return sum(REFERENCE.get(row["app"], {}).get(kind, {}).get(what, 0) for row in rows)

    def sizes(what):
        return map(megabytes, (before("raw", what), before("recipe", what), add(what), before("opened_stripped", what)))

    seconds = [f"{add(what):.1f}" for what in ("wall", "cpu")]
    return LAYOUT.format(name, level or rows[0]["level"], *sizes("unzipped"), *sizes("zipped"), *seconds, told)


def megabytes(size):
    return f"{size / 1e6:.2f}" if size else "-"


if __name__ == "__main__":
    main()
