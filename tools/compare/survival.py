"""survival.py APP OUT : does the corpus' APP still run from the zips in OUT?

Prints `lives` or `breaks: WHY`. The corpus' own judge unpacks and runs.
"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "corpus"))
import judge

app, out = sys.argv[1:]
with tempfile.TemporaryDirectory(prefix="compare-survival-") as folder:
    work = pathlib.Path(folder)
    (work / "out").symlink_to(pathlib.Path(out).resolve())
    problems = list(judge.smoke({"app": app}, work))
print(f"breaks: {'; '.join(problems)}" if problems else "lives")
