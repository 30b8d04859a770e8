#!/usr/bin/env python3
"""Runs the steps of action.yml as GitHub does, as far as a composite action of scripts needs it.

action.py ROOT: checks the action of a checkout, then runs it on small packages. Whatever pip needs to find
lambda-slim stands in the environment.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")


class Action:
    def __init__(self, root):
        self.root = root
        self.text = yaml.safe_load((root / "action.yml").read_text())
        self.steps = self.text["runs"]["steps"]

    def check(self):
        """What must hold of its text."""
        assert self.text["runs"]["using"] == "composite"
        ids = {step["id"] for step in self.steps if "id" in step}
        for name, output in self.text["outputs"].items():
            asked = EXPRESSION.findall(output["value"])
            assert asked and asked[0].split(".")[1] in ids, f"output {name}: {output['value']}"
            assert asked[0].split(".")[3] == name, f"output {name}: {output['value']}"
        used = set()
        for step in self.steps:
            assert step["shell"] == "bash" and "${{" not in step["run"], f"{step['name']}: an input in a script"
            subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)
            if shutil.which("shellcheck"):
                subprocess.run(["shellcheck", "--shell=bash", "-"], input=step["run"], text=True, check=True)
            else:
                print("SKIPPED: shellcheck is not here")
            for value in [*step.get("env", {}).values(), step.get("working-directory", "")]:
                used |= set(EXPRESSION.findall(value))
        assert used == {f"inputs.{name}" for name in self.text["inputs"]}, f"inputs that steps use: {used}"

    def run(self, place, **inputs):
        """Its exit code, what it printed, and its outputs; `place` is the job's workspace."""
        known = {name: one.get("default", "") for name, one in self.text["inputs"].items()}
        inputs = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert inputs.keys() <= known.keys(), inputs
        values = {f"inputs.{name}": value for name, value in {**known, **inputs}.items()}
        filled = lambda text: EXPRESSION.sub(lambda found: values.get(found[1], ""), text)
        temporary = place / "runner"
        temporary.mkdir(exist_ok=True)
        own = {"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(self.root), "RUNNER_TEMP": str(temporary)}
        environment = {**os.environ, **own}
        printed = ""
        for step in self.steps:
            files = {name: temporary / name for name in ["GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"]}
            for file in files.values():
                file.write_text("")
            script = temporary / "step.sh"
            script.write_text(step["run"])
            own = {name: filled(value) for name, value in step.get("env", {}).items()}
            ended = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
                cwd=place / filled(step.get("working-directory", ".")),
                env={**environment, **{name: str(file) for name, file in files.items()}, **own},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            printed += ended.stdout
            if ended.returncode:
                return ended.returncode, printed, {}
            for line in files["GITHUB_PATH"].read_text().split():
                environment["PATH"] = f"{line}:{environment['PATH']}"
            for name, value in written(files["GITHUB_OUTPUT"].read_text()).items():
                values[f"steps.{step.get('id')}.outputs.{name}"] = value
        return 0, printed, {name: filled(one["value"]) for name, one in self.text["outputs"].items()}


def written(text):
    """What a step wrote into GITHUB_OUTPUT: name=value, or name<<END and lines."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        if "<<" in line.split("=")[0]:
            name, end = line.split("<<", 1)
            found[name] = "\n".join(iter(lambda: next(lines), end))
        else:
            name, value = line.split("=", 1)
            found[name] = value
    return found


def package(folder):
    """A function with a distribution, as pip leaves them."""
    info = folder / "alpha-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "app.py").write_text("import alpha\n\ndef handler(event, context):\n    return alpha.ONE\n")
    (folder / "alpha.py").write_text("ONE = 1\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n")
    (info / "RECORD").write_text("alpha.py,,\nalpha-1.0.dist-info/METADATA,,\nalpha-1.0.dist-info/RECORD,,\n")


def told(zips, outputs):
    """The outputs are those of the report."""
    assert pathlib.Path(outputs["report"]).name == "report.json", outputs
    for name in ["function", "layer"]:
        assert outputs[f"{name}-sha256"] == zips[f"{name}.zip"]["sha256_base64"], (name, outputs)
    for output, key in [("zipped-bytes", "bytes"), ("unzipped-bytes", "unzipped_bytes")]:
        assert int(outputs[output]) == sum(one[key] for one in zips.values()), (output, outputs)
    assert json.loads(outputs["changed"]) == sorted(zips), outputs


def tried(action, home):
    package(home / "my work" / "the package")
    code, printed, outputs = action.run(home, package="the package", working_directory="my work")
    assert code == 0, printed
    dist = home / "my work" / "dist"
    zips = {one["file"]: one for one in json.loads((dist / "report.json").read_text())["zips"]}
    for name in ["function.zip", "layer.zip"]:
        sha256 = base64.b64encode(hashlib.sha256((dist / name).read_bytes()).digest()).decode()
        assert zips[name]["sha256_base64"] == sha256
    told(zips, outputs)

    inputs = {"package": "my work/the package", "command": "check"}
    code, printed, _ = action.run(home, **inputs, args="--max-unzipped '1KB' --keep 'al*' --keep \"$(touch ran)\"")
    assert code == 2 and "$(touch ran)" in printed and not (home / "ran").exists(), printed
    code, printed, _ = action.run(home, **inputs, args="--max-unzipped '10'")
    assert code == 1 and "over 10 bytes (--max-unzipped)" in printed, printed
    code, printed, _ = action.run(home, **inputs, args="--max-unzipped 'open")
    assert code != 0 and "--max-unzipped" not in printed, printed
    code, printed, _ = action.run(home, package="my work/the package; touch ran")
    assert code == 2 and not (home / "ran").exists(), printed
    code, printed, _ = action.run(home, command="rules; touch ran")
    assert code == 2 and "::error::" in printed and not (home / "ran").exists(), printed
    code, printed, _ = action.run(home, **inputs, version="0.0.0")
    assert code != 0 and "lambda-slim==0.0.0" in printed, printed
    if shutil.which("cargo"):
        code, printed, _ = action.run(home, **inputs, version="source")
        assert code == 0, printed
    else:
        print("SKIPPED: cargo is not here: version: source")


def main():
    action = Action(pathlib.Path(sys.argv[1]).resolve())
    action.check()
    with tempfile.TemporaryDirectory() as home:
        tried(action, pathlib.Path(home))


main()
