#!/usr/bin/env python3
"""Slims single libraries, and runs the same handler on what came out as on what went in.

    libraries.py [--slim BIN] [--corpus DIR] [--level LEVEL,...] [--all] [LIBRARY ...]

Each file of libraries/ is a handler that does something real with a library, and says in its head which requirements
it takes and which event it is given: what stands in the event, slim cannot read. Without names the light ones run
(those that say `ci = true`); --all runs every one.

For each library: the requirements are installed into $CORPUS/libraries/LIBRARY (kept where they are unchanged), the
handler is run on the raw package, then on the unpacked zips of each level. Its results must be the same.
libraries/constraints.txt holds the exact versions; --pin adds those that it does not hold yet.

Exit 0 only when every library lives at every level.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
LIBRARIES = HERE / "libraries"
CONSTRAINTS = LIBRARIES / "constraints.txt"
HEAD = re.compile(r"^# /// script\n((?:#.*\n)+?)# ///$", re.MULTILINE)


def main():
    arguments = parse()
    columns = "{:18} {:>8}" + " {:>8}" * len(arguments.levels) + " {:>6}  {}"
    print(columns.format("MB, unzipped", "raw", *arguments.levels, "s", "").rstrip(), flush=True)
    broken = 0
    for name in arguments.libraries:
        start = time.perf_counter()
        sizes, problems = examine(name, arguments)
        broken += bool(problems)
        cells = [f"{sizes[key] / 1e6:.2f}" if key in sizes else "-" for key in ["raw", *arguments.levels]]
        told = "; ".join(problems) or "ok"
        print(columns.format(name, *cells, f"{time.perf_counter() - start:.0f}", told), flush=True)
    print(f"{len(arguments.libraries) - broken} of {len(arguments.libraries)} live")
    sys.exit(broken > 0)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slim", default="target/release/slim")
    parser.add_argument("--corpus", type=pathlib.Path, default=os.environ.get("CORPUS", "/tmp/slim-corpus"))
    parser.add_argument("--level", dest="levels", type=lambda text: text.split(","), default=["standard", "max"])
    parser.add_argument("--all", action="store_true", help="the heavy ones too")
    parser.add_argument("--pin", action="store_true", help="add versions that constraints.txt does not hold")
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY")
    arguments = parser.parse_args()
    known = {path.stem: head(path) for path in sorted(LIBRARIES.glob("*.py"))}
    if unknown := set(arguments.libraries) - set(known):
        parser.error(f"no such library: {', '.join(sorted(unknown))}")
    light = [name for name, its in known.items() if arguments.all or its.get("ci")]
    arguments.libraries = arguments.libraries or light
    return arguments


def head(path):
    """What the head of a handler says: its requirements, its event, whether it is light."""
    block = HEAD.search(path.read_text())
    if not block:
        raise SystemExit(f"error: {path.name} has no `# /// script` head")
    script = tomllib.loads("".join(line.removeprefix("#").removeprefix(" ") for line in block[1].splitlines(True)))
    return {"dependencies": script["dependencies"], **script.get("tool", {}).get("slim", {})}


def examine(name, arguments):
    """One library: its sizes, and what is broken."""
    sizes, problems = {}, []
    source = LIBRARIES / f"{name}.py"
    package = arguments.corpus / "libraries" / name
    its = head(source)
    event = json.dumps(its.get("event", {}))
    try:
        install(package, its["dependencies"], arguments)
    except subprocess.CalledProcessError as error:
        return sizes, [f"not installed: {complaint(error.stderr)}"]
    (package / "app.py").write_bytes(source.read_bytes())
    sizes["raw"] = tree_bytes(package)
    with tempfile.TemporaryDirectory(prefix=f"slim-library-{name}-") as work:
        work = pathlib.Path(work)
        (work / "nothing").mkdir()
        expected, failure = run(package, work / "nothing", event)
        if failure:
            return sizes, [f"WRONG even raw: {failure}"]
        for level in arguments.levels:
            failure = slimmed(package, level, work / level, event, expected, sizes, arguments)
            problems += [f"BROKEN at {level}: {failure}"] if failure else []
    return sizes, problems


def install(package, dependencies, arguments):
    """Installs the requirements where they or the pins have changed."""
    stamp = package.with_name(f"{package.name}.txt")
    pins = pinned()
    lines = sorted(dependencies)
    if package.is_dir() and stamp.is_file():
        text, _, held = stamp.read_text().partition("\n\n")
        if text.splitlines() == lines and all(pins.get(one.split("==")[0]) == one for one in held.splitlines()):
            return
    wanted = package.with_name(f"{package.name}.in")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text("\n".join(lines) + "\n")
    command = [str(HERE.parent / "lambda-install"), str(package), str(wanted), "x86_64", str(CONSTRAINTS)]
    subprocess.run(command, check=True, capture_output=True, text=True, errors="replace")
    wanted.unlink()
    found = installed(package)
    if arguments.pin:
        CONSTRAINTS.write_text("".join(f"{pin}\n" for _, pin in sorted({**found, **pins}.items())))
    stamp.write_text("\n".join(lines) + "\n\n" + "".join(f"{pin}\n" for _, pin in sorted(found.items())))


def pinned():
    lines = CONSTRAINTS.read_text().splitlines() if CONSTRAINTS.is_file() else []
    return {line.split("==")[0]: line for line in lines if "==" in line}


def installed(package):
    found = {}
    for distribution in importlib.metadata.distributions(path=[str(package)]):
        name = re.sub(r"[-_.]+", "-", distribution.name).lower()
        found[name] = f"{name}=={distribution.version}"
    return found


def slimmed(package, level, work, event, expected, sizes, arguments):
    """Builds at one level and runs what comes out; says what is wrong with it."""
    handler = ["--handler", "app.lambda_handler", "--no-verify"] if level == "max" else []
    command = [
        arguments.slim,
        "build",
        str(package),
        "--python",
        "3.12",
        "--arch",
        "x86_64",
        "--level",
        level,
        *handler,
    ]
    done = subprocess.run([*command, "-q", "-o", str(work / "out")], capture_output=True, text=True, errors="replace")
    if done.returncode:
        return f"exit {done.returncode}: {last_line(done.stderr)}"
    places = {"function": work / "task", "layer": work / "opt"}
    for kind, place in places.items():
        place.mkdir()
        if (path := work / "out" / f"{kind}.zip").is_file():
            subprocess.run(["unzip", "-qq", "-o", str(path), "-d", str(place)], check=True)
    sizes[level] = sum(map(tree_bytes, places.values()))
    result, failure = run(places["function"], places["layer"], event)
    if not failure and result != expected:
        failure = f"{result} instead of {expected}"[:300]
    return failure


def run(task, opt, event):
    """The handler's result as one line of JSON, or the last line of its traceback."""
    command = [str(HERE.parent / "lambda-run"), str(task), str(opt), str(HERE / "invoke.py"), event]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode or not done.stdout.strip():
        return None, complaint(done.stderr)
    return last_line(done.stdout), None


def last_line(text):
    return (text.strip().splitlines() or ["no message"])[-1]


def complaint(text):
    """The line of a traceback that names the error, whatever lines its message has; else the last line."""
    errors = [
        line for line in text.splitlines() if re.match(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|NotFound): ", line)
    ]
    return (errors[-1] if errors else last_line(text))[:300]


def tree_bytes(root):
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    main()
