"""proven.py SLIM APP TREE OUT : `slim build` of TREE at its smallest, proven with the events of the corpus' APP."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "corpus"))
import prove

slim, app, tree, out = sys.argv[1:]
endpoint = prove.serve(argparse.Namespace(port=0))
with tempfile.TemporaryDirectory(prefix="compare-proven-") as work:
    told, events = prove.job(app, endpoint, work)
    smallest = ["--level", "max", "--compression", "max", "--no-cache", "-q"]
    sys.exit(subprocess.run([slim, "build", tree, "-o", out, *told, *events, *smallest]).returncode)
