#!/usr/bin/env python3
"""What a newcomer published is what slim wrote, and it runs. Called in their folder, with their `aws` on PATH."""

import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile


def aws(*words):
    return json.loads(subprocess.run(["aws", "lambda", *words, "--output", "json"], check=True, stdout=subprocess.PIPE).stdout)


report = json.loads(pathlib.Path("dist/report.json").read_text())
written = {one["file"]: one["sha256_base64"] for one in report["zips"]}
function = aws("get-function", "--function-name", "hello")["Configuration"]
name, number = function["Layers"][0]["Arn"].split(":")[-2:]
layer = aws("get-layer-version", "--layer-name", name, "--version-number", number)
published = {"function.zip": function["CodeSha256"], "layer.zip": layer["Content"]["CodeSha256"]}
assert published == written, f"published {published}, written {written}"

module, name = function["Handler"].rsplit(".", 1)
with tempfile.TemporaryDirectory() as task, tempfile.TemporaryDirectory() as opt:
    zipfile.ZipFile("dist/function.zip").extractall(task)
    zipfile.ZipFile("dist/layer.zip").extractall(opt)
    call = f"import sys, {module}; sys.path.remove(''); print({module}.{name}({{'a': [1, 2]}}, None))"
    path = f"{task}:{opt}/python"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", call], cwd=task, env={"PYTHONPATH": path}, check=True, stdout=subprocess.PIPE, text=True
    )
assert ran.stdout == "{'a': 3}\n", ran.stdout
sizes = ", ".join(f"{one['file']} {one['bytes']} bytes" for one in report["zips"])
print(f"published as written: {sizes}; {function['Handler']} gives {ran.stdout.strip()}")
