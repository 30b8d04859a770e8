#!/usr/bin/env python3
"""Holds the SBOM of every app of the corpus against the official validator and against what scanners find.

    check.py [--slim BIN] [--corpus DIR] [--level LEVEL,...] [APP ...]

For each app (installed by tools/corpus/build.sh), at levels standard and max:
- the SBOM is valid by CycloneDX's strict schema 1.6, every reference in it leads somewhere, every package URL is canonical;
- cyclonedx-py and pip-audit find the same distributions in the zips as the SBOM lists, by normalized name and version;
- at standard they find the same in the folder that was slimmed; at max these and what the report says to be dropped;
- every licence identifier that slim knows is one of the schema's;
- who depends on whom is what `packaging` makes of the metadata that ships.

Nothing is looked up on the network. Exit 1 where anything differs. Runs under the Python that tools/sbom/python prints.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

from cyclonedx.schema import SchemaVersion
from cyclonedx.spdx import is_supported_id
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.markers import UndefinedComparison
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pip_audit._dependency_source import PipSource

APPS = pathlib.Path(__file__).resolve().parents[1] / "corpus/apps"
SPDX = pathlib.Path(__file__).resolve().parents[2] / "src/python/licenses/spdx.txt"
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
# Lambda's Python, in any patch.
ENVIRONMENT = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_version": "3.12",
    "sys_platform": "linux",
}
PATCHES = [f"3.12.{patch}" for patch in range(41)]


def main():
    arguments = parse()
    unknown = [name for name in SPDX.read_text().split() if not is_supported_id(name)]
    if unknown:
        print(f"error: {SPDX} has identifiers that the schema does not: {shown(unknown)}")
    failed = len(unknown)
    for app in arguments.apps:
        raw = arguments.corpus / app
        before = {scanner: found_in([raw], scanner) for scanner in (cyclonedx_py, pip_audit)}
        for level in arguments.levels:
            begin = time.perf_counter()
            with tempfile.TemporaryDirectory(prefix=f"slim-sbom-{app}-") as work:
                told, problems = check(raw, before, level, pathlib.Path(work), arguments)
            failed += bool(problems)
            print(f"{app:8} {level:9} {time.perf_counter() - begin:5.1f} s  {told}  {'; '.join(problems) or 'ok'}", flush=True)
    sys.exit(failed > 0)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slim", default="target/release/slim")
    parser.add_argument("--corpus", type=pathlib.Path, default=os.environ.get("CORPUS", "/tmp/slim-corpus"))
    parser.add_argument("--level", dest="levels", type=lambda text: text.split(","), default=["standard", "max"])
    parser.add_argument("apps", nargs="*", metavar="APP")
    arguments = parser.parse_args()
    arguments.apps = arguments.apps or sorted(app.name for app in APPS.iterdir())
    return arguments


def check(raw, before, level, work, arguments):
    """What was counted, and every problem; `before` is what each scanner finds in the folder."""
    command = [arguments.slim, "build", raw, "--out-dir", work / "out", "--sbom", work / "sbom.json", "--level", level]
    command += ["--python", "3.12", "--handler", "app.lambda_handler", "--no-verify", "--quiet", "--no-config"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        return "", [f"exit {run.returncode}: {run.stderr.strip()}"]
    text = (work / "sbom.json").read_text()
    bom = json.loads(text)
    report = json.loads((work / "out/report.json").read_text())
    slimmed = unpacked(work)
    libraries = {key(one["name"], one["version"]) for one in bom["components"] if one["type"] == "library"}
    gone = {key(row["name"], row["version"]) for row in report["distributions"] if not row["after"]["files"]}
    edges = told_edges(bom)
    problems = [*invalid(text), *broken(bom, report)]
    for scanner, found in before.items():
        name = scanner.__name__
        problems += differ(f"the zips by {name} and the SBOM", found_in(slimmed, scanner), libraries)
        problems += differ(f"the folder by {name}, and the SBOM with what was dropped", found, libraries | gone)
    if gone and level == "standard":
        problems.append(f"dropped at standard: {shown(gone)}")
    problems += differ("who needs whom by packaging, and by the SBOM", real_edges(slimmed), edges)
    told = f"{len(found):2} found, {len(libraries):2} listed"
    dropped = f" ({shown(gone)} dropped)" if gone else ""
    return f"{told}{dropped}, {sum(map(len, edges.values())):3} edges", problems


def key(name, version):
    """A distribution as the specifications compare them."""
    try:
        return canonicalize_name(name), str(Version(version))
    except InvalidVersion:
        return canonicalize_name(name), version


def shown(keys):
    return " ".join(sorted("==".join(one) if isinstance(one, tuple) else str(one) for one in keys))


def differ(what, one, other):
    if one == other:
        return []
    if isinstance(one, dict):
        return [f"{what} differ at {at}: {one.get(at)}, {other.get(at)}" for at in sorted({*one, *other}) if one.get(at) != other.get(at)]
    return [f"{what} differ: only the first has {shown(one - other) or 'none'}, only the second {shown(other - one) or 'none'}"]


def unpacked(work):
    """The folders of the zips that Python looks into, unpacked as Lambda does."""
    for name in ("function", "layer"):
        if (work / f"out/{name}.zip").exists():
            zipfile.ZipFile(work / f"out/{name}.zip").extractall(work / name)
    return [folder for folder in (work / "function", work / "layer/python") if folder.exists()]


def invalid(text):
    error = VALIDATOR.validate_str(text)
    return [] if error is None else [f"not valid: {str(error).splitlines()[0]}"]


def broken(bom, report):
    """What the schema cannot say."""
    components = [bom["metadata"]["component"], *bom["components"]]
    references = [one["bom-ref"] for one in components]
    if len(set(references)) < len(references):
        yield "a reference stands for two"
    if sorted(references) != sorted(one["ref"] for one in bom["dependencies"]):
        yield "not every component has its dependencies told"
    for dependency in bom["dependencies"]:
        for reference in dependency.get("dependsOn", []):
            if reference not in references:
                yield f"{reference} is nowhere"
    for one in components:
        purl = one.get("purl")
        if purl and PackageURL.from_string(purl).to_string() != purl:
            yield f"{purl} is not canonical"
        if purl and PackageURL.from_string(purl).version != one["version"]:
            yield f"{purl} is not of version {one['version']}"
    hashes = {one["name"]: one["hashes"][0]["content"] for one in components if one["type"] == "file"}
    if hashes != {one["file"]: one["sha256"] for one in report["zips"]}:
        yield "the hashes are not the report's"


def found_in(folders, scanner):
    return {key(name, version) for name, version in scanner(folders)}


def cyclonedx_py(folders):
    """What `cyclonedx-py environment` lists of a Python that looks into these folders only."""
    with tempfile.TemporaryDirectory(prefix="slim-sbom-") as work:
        python = pathlib.Path(work, "python")
        python.write_text(f"#!/bin/sh\nprintf '%s' '{json.dumps(['', *map(str, folders)])}'\n")
        python.chmod(0o755)
        command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-format", "JSON", str(python)]
        listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return [(one["name"], one["version"]) for one in listed.get("components", [])]


def pip_audit(folders):
    """What `pip-audit --path` goes on to look up."""
    return [(found.name, str(found.version)) for found in PipSource(paths=folders).collect()]


def told_edges(bom):
    libraries = {one["bom-ref"]: canonicalize_name(one["name"]) for one in bom["components"] if one["type"] == "library"}
    edges = {one["ref"]: one.get("dependsOn", []) for one in bom["dependencies"]}
    return {name: {libraries[to] for to in edges[reference]} for reference, name in libraries.items()}


def real_edges(folders):
    found = {canonicalize_name(one.name): one for one in importlib.metadata.distributions(path=list(map(str, folders)))}
    wanted = {name: [Requirement(text) for text in one.requires or ()] for name, one in found.items()}
    extras = {name: {""} for name in found}
    while True:
        edges, before = {name: set() for name in found}, sum(map(len, extras.values()))
        for name, requirements in wanted.items():
            for requirement in requirements:
                to = canonicalize_name(requirement.name)
                if to in found and any(counts(requirement.marker, extra) for extra in extras[name]):
                    extras[to] |= {canonicalize_name(extra) for extra in requirement.extras}
                    edges[name] |= {to} - {name}
        if sum(map(len, extras.values())) == before:
            return edges


def counts(marker, extra):
    def under(full):
        try:
            return marker.evaluate({**ENVIRONMENT, "python_full_version": full, "implementation_version": full, "extra": extra})
        except UndefinedComparison:
            return True

    return marker is None or any(map(under, PATCHES))


if __name__ == "__main__":
    main()
