#!/usr/bin/env python3
"""Takes a file away that an app needs: does the proof see it, name the file, and at level max put it back?

    sabotage.py [--slim BIN] [--corpus DIR] [APP ...]

Each file goes twice: by --drop at level standard, where the proof must fail with exit code 1 and name it; and by a
false fact at level max, where it must be put back and the result be proven. Exit 0 only when all of that holds.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import prove

# What is taken away: app, what it is, the distribution of the fact, the file.
NEEDED = [
    ("plug", "module", "jsonschema", "jsonschema/_legacy_keywords.py"),
    ("plug", "data file", "jsonschema-specifications", "jsonschema_specifications/schemas/draft202012/metaschema.json"),
    ("plug", "entry point", "stevedore", "stevedore-*.dist-info/entry_points.txt"),
    ("otel", "entry point", "opentelemetry-sdk", "opentelemetry_sdk-*.dist-info/entry_points.txt"),
    ("otel", "metadata", "opentelemetry-sdk", "opentelemetry_sdk-*.dist-info/METADATA"),
    ("boto", "data file", "botocore", "botocore/data/endpoints.json*"),
    ("docs", "extension module", "lxml", "lxml/etree.cpython-312-x86_64-linux-gnu.so"),
    ("db", "shared library", "psycopg2-binary", "psycopg2_binary.libs/libpq-*"),
    ("data", "shared library", "numpy", "numpy.libs/libscipy_openblas64_*"),
    ("nlp", "module", "spacy", "spacy/lang/en/stop_words.py"),
]


def main():
    arguments = prove.parse(__doc__)
    endpoint = prove.serve(arguments)
    wrong = 0
    for app, kind, distribution, glob in NEEDED:
        if app in arguments.apps:
            for told in (dropped(app, glob, endpoint, arguments), repaired(app, distribution, glob, endpoint, arguments)):
                wrong += not told.startswith("as it should be")
                print(f"{app:8} {kind:16} {glob}: {told}", flush=True)
    sys.exit(wrong > 0)


def built(app, endpoint, arguments, more):
    with tempfile.TemporaryDirectory(prefix="slim-sabotage-") as work:
        told, events = prove.job(app, endpoint, work)
        package = str(arguments.corpus / app)
        command = [arguments.slim, "build", package, "--out-dir", f"{work}/out", *told, *events, "--format", "json"]
        run = subprocess.run(command + more, capture_output=True, text=True)
        return run, json.loads(run.stdout)["proof"] if run.stdout else None


def there(app, glob, arguments):
    """The files that a glob means."""
    root = arguments.corpus / app
    return [path.relative_to(root).as_posix() for path in root.glob(glob)]


def dropped(app, glob, endpoint, arguments):
    run, proof = built(app, endpoint, arguments, ["--level", "standard", "--drop", glob])
    if proof is None:
        return run.stderr.strip()
    if run.returncode != 1 or proof["status"] != "failed":
        return f"dropped: exit {run.returncode}, {proof['status']}"
    if not any(path in because for path in there(app, glob, arguments) for because in proof["because"]):
        return f"dropped: not named: {proof['because']}"
    return "as it should be: the proof fails and names it"


def repaired(app, distribution, glob, endpoint, arguments):
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        fact = {"part": "sabotage", "files": [glob], "tier": "bold", "why": "A false one: the app does need this file."}
        lines = [f"[[facts.{distribution}.drop]]"] + [f"{key} = {json.dumps(value)}" for key, value in fact.items()]
        config.write("\n".join(lines) + "\n")
        config.flush()
        run, proof = built(app, endpoint, arguments, ["--level", "max", "--config", config.name])
    if proof is None:
        return run.stderr.strip()
    restored = {row["file"] for row in proof["restored"]}
    if run.returncode or proof["status"] != "proven":
        return f"at max: exit {run.returncode}, {proof['status']}: {proof['because']}"
    if not restored & set(there(app, glob, arguments)):
        return f"at max: not put back, but {sorted(restored)}"
    return f"as it should be: put back with {len(restored) - 1} others"


if __name__ == "__main__":
    main()
